"""Whatever is sent, the API answers as its document says: no fault of ours, no status, body or header of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import requests

from smartqueue.roles import Role, required_role
from tests.security.fuzzing import EXAMPLES, MODES, attack, operations

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.client import Caller, Tenant
    from tests.e2e.cloud import LocalCloud

OPERATIONS = operations()
PUBLIC = {"/auth/login", "/auth/register"}


@pytest.fixture(scope="module")
def jobs(house: Tenant) -> list[str]:
    """Jobs in different states: two that are done, one that died, one that waits."""
    made = [house.admin.submit("Postgres outage")["jobId"], house.admin.submit("A typo on a page")["jobId"]]
    return [*made, house.failed_job()["jobId"], house.admin.submit("Still on its way")["jobId"]]


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """Connections of one attacker."""
    with requests.Session() as made:
        # Nothing of the environment: no proxies, no .netrc.
        made.trust_env = False
        yield made


@pytest.mark.timeout(900)
@pytest.mark.parametrize("role", ["nobody", "VIEWER", "OPERATOR", "ADMIN"])
@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=map(" ".join, OPERATIONS))
def test_every_answer_is_as_the_document_says(
    method: str,
    path: str,
    role: str,
    callers: Mapping[str, Caller],
    cloud: LocalCloud,
    jobs: list[str],
    session: requests.Session,
) -> None:
    token = callers[role].token
    if token is not None and path != "/metrics":
        session.headers["Authorization"] = f"Bearer {token}"
    if path == "/metrics":
        session.headers["Authorization"] = f"Bearer {cloud.scrape_credential() if role == 'ADMIN' else 'guessed'}"
        allowed = role == "ADMIN"
    else:
        allowed = path in PUBLIC or (role != "nobody" and Role(role).includes(required_role(method, path)))

    sent = [
        attack(
            method,
            path,
            kind=kind,
            session=session,
            base_url=cloud.endpoints.api_url,
            jobs=jobs,
            allowed=allowed,
        )
        for kind in MODES
    ]

    assert sent[0] >= min(EXAMPLES, 1)
