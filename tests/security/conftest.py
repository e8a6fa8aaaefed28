"""What attacks need: the running local cloud, the services behind the functions, and callers of every role."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.client import Caller, Tenant, unique
from tests.security.fuzzing import REQUESTS
from tests.security.sql import Attacker, connected

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.cloud import LocalCloud


def pytest_configure(config: pytest.Config) -> None:
    """Share the local cloud and the services with the other suites that need them."""
    config.pluginmanager.import_plugin("tests.e2e.fixtures")
    config.pluginmanager.import_plugin("tests.integration.services")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how much was tried."""
    if REQUESTS:
        counted = ", ".join(f"{count:,} {name}" for name, count in sorted(REQUESTS.items()))
        terminalreporter.write_line(f"{Path(__file__).parent.name}: {counted}")


@pytest.fixture(scope="session")
def house(anonymous: Caller) -> Tenant:
    """The tenant that is attacked from within."""
    return Tenant.found(anonymous, "house")


@pytest.fixture(scope="session")
def callers(house: Tenant) -> Mapping[str, Caller]:
    """A caller of each role, and one without a token."""
    return {
        "nobody": house.anonymous,
        "VIEWER": house.member("VIEWER"),
        "OPERATOR": house.member("OPERATOR"),
        "ADMIN": house.admin,
    }


@pytest.fixture(scope="session")
def tenants(anonymous: Caller) -> tuple[Tenant, Tenant]:
    """The attacker's tenant and the victim, each with a dead job under a key and with audit rows."""
    mine, theirs = Tenant.found(anonymous, "mine"), Tenant.found(anonymous, "theirs")
    for tenant in (mine, theirs):
        tenant.failed_job(unique("secret-title"), description=f"secret of {tenant.tenant_id}")
    return mine, theirs


@pytest.fixture(scope="session")
def attacker(cloud: LocalCloud, tenants: tuple[Tenant, Tenant]) -> Iterator[Attacker]:
    """The database, as the API's role."""
    with connected(cloud, "api") as made:
        yield made
