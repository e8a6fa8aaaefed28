"""The local cloud that several folders share: started once in a run, and searched for secrets before it goes down.

A plugin and no conftest, since a fixture of a conftest belongs to its folder: two folders would start two clouds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests import brokers
from tests.e2e.client import Caller, Tenant
from tests.e2e.cloud import UP_SECONDS, LocalCloud
from tests.e2e.leaks import leaks_of
from tests.e2e.waiting import wait_until
from tests.fakes.openai_server import FakeOpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator

# The services, the two helpers and the first functions' workers.
FEWEST_PROCESSES = 8
MODEL_KEY = "a-key-for-the-fake-model"


@pytest.fixture(scope="session")
def model() -> Iterator[FakeOpenAI]:
    """The AI model that the classifier is pointed at; it answers by the markers in a ticket's text."""
    with FakeOpenAI(api_key=MODEL_KEY) as server:
        yield server


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory, model: FakeOpenAI) -> Iterator[LocalCloud]:
    """The cloud, up; afterwards down, with no secret in its logs and nothing of it left running."""
    with brokers.replacement(tmp_path_factory.mktemp("broker")) as variables:
        local = LocalCloud.configure(
            tmp_path_factory.mktemp("cloud"),
            SMARTQUEUE_OPENAI_API_KEY=MODEL_KEY,
            SMARTQUEUE_OPENAI_BASE_URL=model.base_url,
            **variables,
        )
        try:
            local.run("up", seconds=UP_SECONDS)
            assert len(local.processes()) > FEWEST_PROCESSES, "what is to end is not even found"
            yield local
            assert leaks_of(local) == {}, "secrets in the logs of this run"
        finally:
            local.run("down")
        wait_until(lambda: not local.processes(), "the end of every process of the cloud", seconds=10)


@pytest.fixture(scope="session")
def http(cloud: LocalCloud) -> Iterator[httpx2.Client]:
    """Connections to the API."""
    limits = httpx2.Limits(max_connections=40)
    with httpx2.Client(base_url=f"{cloud.endpoints.api_url}/", timeout=30, limits=limits) as client:
        yield client


@pytest.fixture(scope="session")
def anonymous(http: httpx2.Client) -> Caller:
    """A caller without a token."""
    return Caller(http)


@pytest.fixture
def tenant(anonymous: Caller) -> Tenant:
    """A tenant of the test's own."""
    return Tenant.found(anonymous)


@pytest.fixture
def other_tenant(anonymous: Caller) -> Tenant:
    """Another one."""
    return Tenant.found(anonymous, "other")
