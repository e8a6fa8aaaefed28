"""What the docs function reads from its environment."""

from smartqueue.settings import StageSettings


class Settings(StageSettings):
    """Nothing but the stage: documentation needs no secret and no database."""
