"""What the metrics function reads from its environment."""

from smartqueue.settings import CacheSettings, CorsSettings, DatabaseSettings, StageSettings


class Settings(StageSettings, CorsSettings, DatabaseSettings, CacheSettings):
    """metrics_secret_id: the secret {"token"} that scrapers send as a bearer token."""

    metrics_secret_id: str
