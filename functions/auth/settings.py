"""What the auth function reads from its environment."""

from typing import Annotated

from pydantic import Field

from smartqueue.settings import (
    CacheSettings,
    CorsSettings,
    DatabaseSettings,
    PositiveSeconds,
    StageSettings,
    TokenSettings,
    WebhookSettings,
)


class Settings(StageSettings, CorsSettings, DatabaseSettings, CacheSettings, TokenSettings, WebhookSettings):
    """login_failures_allowed: per account within login_window_seconds."""

    password_min_length: Annotated[int, Field(ge=1)] = 12
    login_failures_allowed: Annotated[int, Field(ge=1)] = 10
    login_window_seconds: PositiveSeconds = 900
