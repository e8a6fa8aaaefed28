"""Who may call what: every route with every role, and without a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.cdk.routes import ROUTES
from tests.e2e.client import Caller, Rest, Tenant, expect_problem, unique

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.e2e.cloud import LocalCloud

ROLES = ("VIEWER", "OPERATOR", "ADMIN")
WEBHOOK_URL = "http://127.0.0.1:9999/hook"

# What each route answers to those who may call it, and the least role that may ("" for everybody).
MATRIX: dict[tuple[str, str], tuple[str, int]] = {
    ("POST", "/auth/register"): ("", 201),
    ("POST", "/auth/login"): ("", 200),
    ("GET", "/metrics"): ("", 200),
    ("GET", "/docs"): ("", 200),
    ("GET", "/openapi.json"): ("", 200),
    ("GET", "/jobs"): ("VIEWER", 200),
    ("GET", "/jobs/{jobId}"): ("VIEWER", 200),
    ("GET", "/jobs/{jobId}/timeline"): ("VIEWER", 200),
    ("POST", "/jobs"): ("OPERATOR", 201),
    ("POST", "/jobs/batch"): ("OPERATOR", 200),
    ("POST", "/jobs/{jobId}/cancel"): ("OPERATOR", 200),
    ("POST", "/admin/jobs/{jobId}/replay"): ("ADMIN", 200),
    ("GET", "/admin/dlq"): ("ADMIN", 200),
    ("POST", "/admin/dlq/replay"): ("ADMIN", 200),
    ("POST", "/admin/dlq/discard"): ("ADMIN", 200),
    ("GET", "/admin/audit-logs"): ("ADMIN", 200),
    ("GET", "/admin/audit-logs/verification"): ("ADMIN", 200),
    ("GET", "/admin/audit-logs/{jobId}"): ("ADMIN", 200),
    ("GET", "/admin/ledger"): ("ADMIN", 200),
    ("GET", "/admin/users"): ("ADMIN", 200),
    ("GET", "/admin/webhook"): ("ADMIN", 200),
    ("PUT", "/admin/webhook"): ("ADMIN", 200),
    ("DELETE", "/admin/webhook"): ("ADMIN", 200),
}
# Public routes look at no role; the register route of a member's token and the scrape have tests of their own.
GUARDED = {route: needed for route, needed in MATRIX.items() if needed[0]}

BODIES: dict[tuple[str, str], dict[str, object]] = {
    ("POST", "/jobs"): {"title": "By the matrix"},
    ("POST", "/jobs/batch"): {"jobs": [{"title": "By the matrix"}]},
    ("POST", "/admin/dlq/replay"): {"reason": "no job failed like this"},
    ("POST", "/admin/dlq/discard"): {"reason": "no job failed like this"},
    ("PUT", "/admin/webhook"): {"url": WEBHOOK_URL},
}


@pytest.fixture(scope="module")
def house(anonymous: Caller) -> Tenant:
    return Tenant.found(anonymous, "matrix")


@pytest.fixture(scope="module")
def callers(house: Tenant) -> dict[str, Caller]:
    return {"VIEWER": house.member("VIEWER"), "OPERATOR": house.member("OPERATOR"), "ADMIN": house.admin}


@pytest.fixture(scope="module")
def some_job(house: Tenant) -> str:
    job_id: str = house.admin.submit("Read by everybody")["jobId"]
    return job_id


@pytest.fixture
def path_for(house: Tenant, some_job: str, rest: Rest) -> Callable[[str, str], str]:
    """The path of a route, with a job in it that lets the call succeed if the role does."""

    def fill(method: str, path: str) -> str:
        if path.endswith("/cancel"):
            return path.replace("{jobId}", str(rest(house)["jobId"]))
        if path.endswith("/replay"):
            return path.replace("{jobId}", str(house.failed_job()["jobId"]) if "{jobId}" in path else "")
        return path.replace("{jobId}", some_job)

    return fill


def test_the_matrix_names_every_route() -> None:
    assert set(MATRIX) == {(route.method, route.path) for route in ROUTES}
    assert {route for route in MATRIX if not MATRIX[route][0]} == {(r.method, r.path) for r in ROUTES if r.public}


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("method", "path"), GUARDED, ids=map(" ".join, GUARDED))
def test_a_role_may_do_this_and_no_more(
    method: str, path: str, role: str, callers: dict[str, Caller], path_for: Callable[[str, str], str], some_job: str
) -> None:
    needed, success = GUARDED[method, path]
    allowed = ROLES.index(role) >= ROLES.index(needed)
    target = path_for(method, path) if allowed else path.replace("{jobId}", some_job)

    answer = callers[role].call(method, target, BODIES.get((method, path)))

    if allowed:
        assert answer.status_code == success, answer.text
    else:
        expect_problem(answer, 403)


@pytest.mark.parametrize(("method", "path"), GUARDED, ids=map(" ".join, GUARDED))
def test_without_a_good_token_nothing_is_answered(
    method: str, path: str, anonymous: Caller, some_job: str, callers: dict[str, Caller]
) -> None:
    target = path.replace("{jobId}", some_job)
    good = callers["ADMIN"].token or ""
    head, claims, signature = good.split(".")

    for authorization in (None, f"Basic {good}", f"Bearer {head}.{claims}.{signature[::-1]}"):
        headers = {} if authorization is None else {"Authorization": authorization}
        answer = anonymous.call(method, target, BODIES.get((method, path)), headers=headers)

        expect_problem(answer, 401)
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_public_routes_ask_for_no_token(anonymous: Caller, house: Tenant, cloud: LocalCloud) -> None:
    name = unique("public")
    account = {"username": name, "password": "long enough for anybody"}
    scrape = {"Authorization": f"Bearer {cloud.scrape_credential()}"}

    answers = {
        ("POST", "/auth/register"): anonymous.call("POST", "/auth/register", {**account, "tenantId": unique("public")}),
        ("POST", "/auth/login"): anonymous.call("POST", "/auth/login", account),
        ("GET", "/metrics"): anonymous.call("GET", "/metrics", headers=scrape),
        ("GET", "/docs"): anonymous.call("GET", "/docs"),
        ("GET", "/openapi.json"): anonymous.call("GET", "/openapi.json"),
    }

    assert {route: answer.status_code for route, answer in answers.items()} == {
        route: success for route, (needed, success) in MATRIX.items() if not needed
    }
