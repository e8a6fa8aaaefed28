"""What the relay reads from its environment."""

from smartqueue.settings import (
    CacheSettings,
    DatabaseSettings,
    KafkaSettings,
    PositiveSeconds,
    RetrySettings,
    StageSettings,
)


class Settings(StageSettings, DatabaseSettings, CacheSettings, KafkaSettings, RetrySettings):
    """relay_poll_seconds: pause between looks. relay_run_seconds: how long one invocation goes on looking.

    rescue_stranded_seconds: how long after its event was due a job still pending counts as forgotten by Kafka.
    """

    relay_poll_seconds: PositiveSeconds = 0.25
    relay_run_seconds: PositiveSeconds = 57
    rescue_stranded_seconds: PositiveSeconds = 900
