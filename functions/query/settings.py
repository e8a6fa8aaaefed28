"""What the query function reads from its environment."""

from smartqueue.settings import DatabaseSettings, StageSettings, TokenSettings


class Settings(StageSettings, DatabaseSettings, TokenSettings):
    """The database and the signing keys: reading needs nothing else."""
