"""What the authorizer reads from its environment."""

from smartqueue.settings import StageSettings, TokenSettings


class Settings(StageSettings, TokenSettings):
    """The signing keys."""
