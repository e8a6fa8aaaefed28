"""What the query function reads from its environment."""

from smartqueue.settings import CorsSettings, DatabaseSettings, StageSettings, TokenSettings


class Settings(StageSettings, CorsSettings, DatabaseSettings, TokenSettings):
    """The database and the signing keys: reading needs nothing else."""
