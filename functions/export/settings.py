"""What the exporter reads from its environment."""

from smartqueue.settings import StageSettings


class Settings(StageSettings):
    """metrics_url: what it scrapes, showing the token of the secret metrics_secret_id.

    remote_write_url: the workspace it writes to.
    """

    metrics_url: str
    metrics_secret_id: str
    remote_write_url: str
