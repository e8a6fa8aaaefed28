"""What tests of the data plane get to work with; every test finds the services running and empty."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.webhook_receiver import WebhookReceiver
from tests.integration.harness import Plane
from tests.integration.parts import Parts
from tests.integration.processes import Workers


def pytest_configure(config: pytest.Config) -> None:
    """Share the running services with the other suites that need them."""
    config.pluginmanager.import_plugin("tests.integration.services")


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
