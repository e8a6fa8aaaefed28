"""What the seal function reads from its environment."""

from smartqueue.settings import AuditRetentionSettings, CacheSettings, DatabaseSettings, StageSettings


class Settings(StageSettings, DatabaseSettings, CacheSettings, AuditRetentionSettings):
    """seal_bucket: where the heads of all chains are kept, in objects that nobody can change or delete for years."""

    seal_bucket: str
