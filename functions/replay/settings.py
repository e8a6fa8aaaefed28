"""What the replay function reads from its environment."""

from smartqueue.settings import (
    CacheSettings,
    DatabaseSettings,
    KafkaSettings,
    StageSettings,
    TokenSettings,
)


class Settings(StageSettings, DatabaseSettings, CacheSettings, KafkaSettings, TokenSettings):
    """The same as submitting, without retries and quota."""
