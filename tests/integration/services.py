"""Real Postgres, Valkey and Kafka, started once for all suites that name this module as a plugin in their conftest.

A plugin and no conftest, since a fixture of a conftest belongs to its folder: two folders would start two of each.
"""

import gc
import warnings
from collections.abc import Generator, Iterator

import pytest
from moto import mock_aws

from localstack.network import free_port
from localstack.services.kafka import quiet_client_logs
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from tests.brokers import make_broker
from tests.e2e.leaks import find_leaks, known_secrets
from tests.integration.harness import PASSWORD, TOPICS, Plane

# kafka-python leaves the sockets of refused connections, and of those closed while it still wrote, to the garbage
# collector. What our own clients leave open has other messages.
LEFT_BY_KAFKA = "unclosed <s"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the garbage collector meet those sockets in any test that has Kafka running."""
    for item in items:
        if "running_plane" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.filterwarnings(f"ignore:{LEFT_BY_KAFKA}:ResourceWarning"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test whose functions wrote a secret into what on AWS is their log."""
    report = yield
    plane = getattr(item, "funcargs", {}).get("plane")
    if isinstance(plane, Plane) and report.passed:
        known = known_secrets(plane.secrets()) | {"a user's password": PASSWORD}
        leaks = {kind for _, text in report.sections for kind in find_leaks(text, known)}
        if leaks:
            report.outcome, report.longrepr = "failed", f"secrets in the log: {', '.join(sorted(leaks))}"
    return report


@pytest.fixture(scope="session")
def running_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plane]:
    """Services with the schema in place. Kafka keeps its records, so that tests may stop it."""
    quiet_client_logs()
    folder = tmp_path_factory.mktemp("plane")
    with (
        Postgres(data=folder / "postgres", port=free_port(), durable=False) as postgres,
        Valkey(data=folder / "valkey", port=free_port(), durable=False) as valkey,
        make_broker(data=folder / "kafka") as kafka,
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
