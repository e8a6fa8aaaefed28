"""What the migrate function reads from its environment."""

from pydantic import Json

from smartqueue.settings import DatabaseSettings, StageSettings


class Settings(StageSettings, DatabaseSettings):
    """database_secret_id: the owner's. database_role_secret_ids: JSON, each role's short name to its secret."""

    database_role_secret_ids: Json[dict[str, str]]
