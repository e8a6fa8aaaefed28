"""Tenants never see one another: what belongs to another one does not exist, on every route."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from infra.cdk.routes import ROUTES
from tests.e2e.client import Caller, Rest, Tenant, expect_problem, unique

if TYPE_CHECKING:
    from collections.abc import Iterator

BY_JOB = [(route.method, route.path) for route in ROUTES if "{jobId}" in route.path]
JOB_REASON = "simulated failure of attempt 1"


@pytest.fixture(scope="module")
def owner(anonymous: Caller) -> Tenant:
    """The tenant whose things are looked for."""
    return Tenant.found(anonymous, "owner")


@pytest.fixture(scope="module")
def stranger(anonymous: Caller) -> Tenant:
    """An ADMIN elsewhere, who may call every route."""
    return Tenant.found(anonymous, "stranger")


@pytest.fixture(scope="module")
def dead(owner: Tenant) -> dict[str, Any]:
    """A job of the owner that could be read, replayed and discarded."""
    return owner.failed_job(unique("secret"))


@pytest.fixture(autouse=True)
def untouched(owner: Tenant, dead: dict[str, Any]) -> Iterator[None]:
    """Whatever a stranger tries, the owner's job stays as it was."""
    yield
    assert owner.admin.job(dead["jobId"]) == dead


@pytest.mark.parametrize(("method", "path"), BY_JOB, ids=map(" ".join, BY_JOB))
def test_a_foreign_job_is_not_there(method: str, path: str, stranger: Tenant, dead: dict[str, Any]) -> None:
    foreign = stranger.admin.call(method, path.replace("{jobId}", dead["jobId"]))
    missing = stranger.admin.call(method, path.replace("{jobId}", "01900000-0000-7000-8000-000000000000"))

    # Word for word as for a job that never was: the answer tells nothing.
    assert expect_problem(foreign, 404)["detail"] == expect_problem(missing, 404)["detail"]


def test_a_pending_job_of_another_tenant_cannot_be_cancelled(owner: Tenant, stranger: Tenant, rest: Rest) -> None:
    resting = rest(owner)

    expect_problem(stranger.admin.call("POST", f"/jobs/{resting['jobId']}/cancel"), 404)
    assert owner.admin.job(resting["jobId"])["status"] == "PENDING"


@pytest.mark.parametrize("path", ["/jobs", "/admin/dlq", "/admin/audit-logs", "/admin/users"])
def test_lists_hold_the_own_things_only(path: str, owner: Tenant, stranger: Tenant, dead: dict[str, Any]) -> None:
    mine = stranger.failed_job()

    seen = stranger.admin.call("GET", path, query={"limit": 100}).text
    assert owner.tenant_id not in seen
    assert owner.admin_name not in seen
    assert dead["jobId"] not in seen
    assert (stranger.admin_name if path == "/admin/users" else mine["jobId"]) in seen


def test_filters_and_cursors_do_not_reach_across(owner: Tenant, stranger: Tenant, dead: dict[str, Any]) -> None:
    owner.admin.submit("One more, so that there is a next page")
    cursor = owner.admin.get("/jobs", limit=1)["nextCursor"]
    assert cursor

    assert all(job["tenantId"] == stranger.tenant_id for job in stranger.admin.get("/jobs", cursor=cursor)["items"])
    assert stranger.admin.get("/admin/audit-logs", username=owner.admin_name)["items"] == []
    assert dead["jobId"] not in stranger.admin.call("GET", "/admin/dlq", query={"reason": JOB_REASON}).text


@pytest.mark.parametrize("action", ["replay", "discard"])
@pytest.mark.parametrize("by", ["id", "reason"])
def test_dead_letters_of_another_tenant_are_not_in_reach(
    action: str, by: str, other_tenant: Tenant, dead: dict[str, Any]
) -> None:
    body = {"jobIds": [dead["jobId"]]} if by == "id" else {"reason": JOB_REASON}

    result = other_tenant.admin.post(f"/admin/dlq/{action}", body)

    assert result == {"count": 0, "jobIds": [], "skipped": [], "more": False}


def test_webhooks_and_their_secrets_are_apart(owner: Tenant, stranger: Tenant) -> None:
    url = "http://127.0.0.1:9999/mine"
    mine = owner.admin.call("PUT", "/admin/webhook", {"url": url}).json()
    theirs = stranger.admin.get("/admin/webhook")

    assert theirs["url"] is None
    assert theirs["secret"] != mine["secret"]
    stranger.admin.call("DELETE", "/admin/webhook")
    assert owner.admin.get("/admin/webhook")["url"] == url
    owner.admin.call("DELETE", "/admin/webhook")


def test_an_idempotency_key_is_the_tenants_own(owner: Tenant, stranger: Tenant) -> None:
    headers = {"Idempotency-Key": unique("shared")}
    body = {"title": "Same key, same body, two tenants"}

    ours = owner.admin.call("POST", "/jobs", body, headers=headers)
    theirs = stranger.admin.call("POST", "/jobs", body, headers=headers)

    assert (ours.status_code, theirs.status_code) == (201, 201)
    assert ours.json()["jobId"] != theirs.json()["jobId"]


def test_the_token_decides_the_tenant_and_not_the_body(owner: Tenant, stranger: Tenant) -> None:
    expect_problem(stranger.admin.call("POST", "/jobs", {"title": "x", "tenantId": owner.tenant_id}), 422)
    body = {"username": unique("spy"), "password": "long enough for all", "tenantId": owner.tenant_id}
    expect_problem(stranger.admin.call("POST", "/auth/register", body), 403)
