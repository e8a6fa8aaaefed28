"""What the processor reads from its environment."""

from smartqueue.settings import (
    BatchSettings,
    CacheSettings,
    DatabaseSettings,
    KafkaSettings,
    PositiveSeconds,
    RetrySettings,
    StageSettings,
    WebhookSettings,
)


class Settings(
    StageSettings, BatchSettings, DatabaseSettings, CacheSettings, KafkaSettings, RetrySettings, WebhookSettings
):
    """lease_seconds: how long a silent worker keeps its jobs. heartbeat_seconds: how often it is heard of."""

    lease_seconds: PositiveSeconds = 10
    heartbeat_seconds: PositiveSeconds = 3
    allow_simulate: bool = False
