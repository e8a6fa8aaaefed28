"""What attacks need: the running local cloud, the services behind the functions, and callers of every role."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.e2e.client import Caller, Tenant
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Mapping


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
