"""What the rotate function reads from its environment."""

from smartqueue.settings import DatabaseSettings, PositiveSeconds, StageSettings


class Settings(StageSettings, DatabaseSettings):
    """database_secret_id: the owner's. token_lifetime_seconds: how long tokens of an old signing key stay in use."""

    token_lifetime_seconds: PositiveSeconds = 3600
