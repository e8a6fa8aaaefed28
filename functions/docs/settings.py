"""What the docs function reads from its environment."""

from smartqueue.settings import CorsSettings, StageSettings


class Settings(StageSettings, CorsSettings):
    """Little: documentation needs no secret and no database."""
