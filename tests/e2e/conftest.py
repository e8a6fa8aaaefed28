"""What the tests of one local cloud need besides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import Caller, Rest, Tenant
from tests.e2e.journey import Journey, travel

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_configure(config: pytest.Config) -> None:
    """Share the local cloud with the other suites that need it."""
    config.pluginmanager.import_plugin("tests.e2e.fixtures")


@pytest.fixture(scope="session")
def journey(anonymous: Caller) -> Journey:
    """A ticket that has met every function, under one correlation id."""
    return travel(Tenant.found(anonymous, "traveller"))


@pytest.fixture
def rest() -> Iterator[Rest]:
    """Makes resting jobs, and cancels them at the end so that none wakes up in the middle of another test."""
    made: list[tuple[Tenant, str]] = []

    def make(tenant: Tenant) -> dict[str, Any]:
        job = tenant.resting_job()
        made.append((tenant, job["jobId"]))
        return job

    yield make
    for tenant, job_id in made:
        assert tenant.admin.call("POST", f"/jobs/{job_id}/cancel").status_code in {200, 409}
