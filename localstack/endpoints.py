"""The addresses of a running local cloud, as this machine sees them and as the functions see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localstack.kafka_client import KafkaAccess

API_ID = "smartqueue"
API_STAGE = "v1"
STAGE = "local"
FUNCTION_PREFIX = f"smartqueue-{STAGE}-"


@dataclass(frozen=True)
class Endpoints:
    """Where everything is. `aws` is a URL, `cache` is host:port."""

    aws: str
    kafka: KafkaAccess
    cache: str
    database_host: str
    database_port: int
    database_password: str

    @property
    def api_url(self) -> str:
        """The API's base URL."""
        return f"{self.aws}/_aws/execute-api/{API_ID}/{API_STAGE}"

    @property
    def database_url(self) -> str:
        """The schema owner's connection string."""
        return (
            f"postgresql://smartqueue_owner:{self.database_password}"
            f"@{self.database_host}:{self.database_port}/smartqueue"
        )
