"""What the replay function reads from its environment."""

from smartqueue.settings import (
    CacheSettings,
    CorsSettings,
    DatabaseSettings,
    KafkaSettings,
    StageSettings,
    TokenSettings,
)


class Settings(StageSettings, CorsSettings, DatabaseSettings, CacheSettings, KafkaSettings, TokenSettings):
    """The same as submitting, without retries and quota."""
