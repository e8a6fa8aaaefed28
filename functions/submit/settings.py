"""What the submit function reads from its environment."""

from typing import Annotated

from pydantic import Field

from smartqueue.settings import (
    CacheSettings,
    CorsSettings,
    DatabaseSettings,
    KafkaSettings,
    RetrySettings,
    StageSettings,
    TokenSettings,
    WebhookNetworkSettings,
)


class Settings(
    StageSettings,
    CorsSettings,
    DatabaseSettings,
    CacheSettings,
    KafkaSettings,
    TokenSettings,
    RetrySettings,
    WebhookNetworkSettings,
):
    """submit_quota_per_minute: jobs per tenant. allow_simulate: whether this stage takes simulated work."""

    submit_quota_per_minute: Annotated[int, Field(ge=1)] = 600
    allow_simulate: bool = False
