"""Real Postgres, Valkey and Kafka, started once for the suite; every test finds them running and empty."""

import gc
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from localstack.network import free_port
from localstack.services.kafka import Kafka, quiet_client_logs
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.integration.harness import TOPICS, Plane
from tests.integration.parts import Parts
from tests.integration.processes import Workers

# kafka-python leaves the sockets of refused connections, and of those closed while it still wrote, to the garbage
# collector. What our own clients leave open has other messages.
LEFT_BY_KAFKA = "unclosed <socket"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the garbage collector meet those sockets in any test of this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{LEFT_BY_KAFKA}:ResourceWarning"))


@pytest.fixture(scope="session")
def running_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Services with the schema in place. Kafka keeps its records, so that tests may stop it."""
    quiet_client_logs()
    folder = tmp_path_factory.mktemp("plane")
    with (
        Postgres(data=folder / "postgres", port=free_port(), durable=False) as postgres,
        Valkey(data=folder / "valkey", port=free_port(), durable=False) as valkey,
        Kafka(data=folder / "kafka", port=free_port(), durable=True) as kafka,
        pytest.MonkeyPatch.context() as patch,
        mock_aws(),
    ):
        kafka.create_topics(TOPICS)
        plane = Plane(postgres=postgres, valkey=valkey, kafka=kafka)
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        for name, value in plane.environment("migrate").items():
            patch.setenv(name, value)
        plane.create_secrets()
        plane.invoke("migrate", {})
        yield plane
        plane.close_clients()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", LEFT_BY_KAFKA, ResourceWarning)
            gc.collect()


@pytest.fixture
def plane(running_plane: Plane) -> Iterator[Plane]:
    """The services, running and empty."""
    running_plane.clear()
    yield running_plane
    if running_plane.extra:
        running_plane.reset()


@pytest.fixture
def fragile_plane(plane: Plane) -> Iterator[Plane]:
    """The services for a test that stops some of them: whatever it does, the next one finds them running."""
    plane.freshen()
    try:
        yield plane
    finally:
        for service in (plane.postgres, plane.valkey, plane.kafka):
            service.start()
        plane.freshen()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """Somebody to send webhooks to."""
    with WebhookReceiver() as running:
        yield running


@pytest.fixture
def parts(plane: Plane) -> Iterator[Parts]:
    """Makes execution environments of their own, for tests in which several work at once."""
    made = Parts(plane)
    yield made
    made.close()


@pytest.fixture
def workers(plane: Plane, tmp_path: Path) -> Iterator[Workers]:
    """Runs functions in processes that can be killed."""
    started = Workers(plane, tmp_path)
    yield started
    started.kill_all()
