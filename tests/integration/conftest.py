"""Real Postgres, Valkey and Kafka, started once for the suite; every test finds them empty."""

from collections.abc import Iterator

import pytest
from moto import mock_aws

from localstack.network import free_port
from localstack.services.kafka import Kafka
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from tests.integration.harness import TOPICS, Plane


@pytest.fixture(scope="session")
def running_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Services with the schema in place."""
    folder = tmp_path_factory.mktemp("plane")
    with (
        Postgres(data=folder / "postgres", port=free_port(), durable=False) as postgres,
        Valkey(data=folder / "valkey", port=free_port(), durable=False) as valkey,
        Kafka(data=folder / "kafka", port=free_port(), durable=False) as kafka,
        pytest.MonkeyPatch.context() as patch,
        mock_aws(),
    ):
        kafka.create_topics(TOPICS)
        plane = Plane(postgres, valkey, kafka)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name, value in plane.environment("migrate").items():
            patch.setenv(name, value)
        plane.create_secrets()
        plane.invoke("migrate", {})
        yield plane
        plane.close_clients()


@pytest.fixture
def plane(running_plane: Plane) -> Plane:
    """The services, empty."""
    running_plane.clear()
    return running_plane
