"""The audit trail: who did what, from which state to which, when, and nobody else's."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests.e2e.client import Caller, Tenant

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

FIELDS = {
    *("id", "tenantId", "userId", "username", "action", "entityId", "oldState", "newState", "details", "createdAt"),
    *("attributes", "correlationId"),
}


@pytest.fixture(scope="module")
def watched(anonymous: Caller) -> Tenant:
    return Tenant.found(anonymous, "watched")


@pytest.fixture(scope="module")
def story(watched: Tenant) -> dict[str, Any]:
    """A job that was submitted, retried, failed, replayed and failed again."""
    payload = {"durationSeconds": 0, "failTimes": 100}
    job = watched.admin.submit(type="simulate", payload=payload, retry={"count": 1, "baseSeconds": 0.1})
    watched.admin.wait_for(job["jobId"], "FAILED")
    watched.admin.post(f"/admin/jobs/{job['jobId']}/replay")
    return watched.admin.wait_for(job["jobId"], "FAILED", classified=True)


def test_a_jobs_rows_tell_its_whole_story(watched: Tenant, story: dict[str, Any]) -> None:
    rows = watched.admin.get(f"/admin/audit-logs/{story['jobId']}")["items"]

    assert all(set(row) == FIELDS for row in rows)
    told = [(row["action"], row["oldState"], row["newState"]) for row in rows if row["action"] != "JOB_CLASSIFIED"]
    run = [
        ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
        ("JOB_RETRY", "PROCESSING", "PENDING"),
        ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
        ("JOB_SENT_TO_DLQ", "PROCESSING", "FAILED"),
    ]
    assert told[::-1] == [("JOB_CREATED", None, "PENDING"), *run, ("JOB_REPLAYED", "FAILED", "PENDING"), *run]
    assert {row["tenantId"] for row in rows} == {watched.tenant_id}
    assert {row["entityId"] for row in rows} == {story["jobId"]}
    times = [datetime.fromisoformat(row["createdAt"]) for row in rows]
    assert times == sorted(times, reverse=True)


def test_people_and_parts_of_the_service_are_told_apart(watched: Tenant, story: dict[str, Any]) -> None:
    rows = watched.admin.get(f"/admin/audit-logs/{story['jobId']}")["items"]
    users = {user["username"]: user["userId"] for user in watched.admin.get("/admin/users")["items"]}

    by = {row["action"]: (row["username"], row["userId"]) for row in rows}
    person = (watched.admin_name, users[watched.admin_name])
    assert by["JOB_CREATED"] == by["JOB_REPLAYED"] == person
    assert by["JOB_RETRY"] == by["JOB_SENT_TO_DLQ"] == ("system:process", None)
    assert by["JOB_CLASSIFIED"] == ("system:classify", None)


def test_the_trail_can_be_filtered_and_paged(watched: Tenant, story: dict[str, Any]) -> None:
    retries = watched.admin.get("/admin/audit-logs", action="JOB_RETRY")["items"]
    mine = watched.admin.get("/admin/audit-logs", username=watched.admin_name)["items"]

    assert [row["entityId"] for row in retries] == [story["jobId"]] * 2
    assert {row["action"] for row in mine} == {"USER_REGISTERED", "JOB_CREATED", "JOB_REPLAYED"}
    whole = watched.admin.get("/admin/audit-logs", limit=100)["items"]
    paged: list[dict[str, Any]] = []
    page = watched.admin.get("/admin/audit-logs", limit=4)
    while True:
        paged += page["items"]
        if page["nextCursor"] is None:
            break
        page = watched.admin.get("/admin/audit-logs", limit=4, cursor=page["nextCursor"])
    assert paged == whole


def test_what_an_admin_changes_is_told_too(tenant: Tenant) -> None:
    tenant.member("VIEWER")
    tenant.admin.call("PUT", "/admin/webhook", {"url": "http://127.0.0.1:9999/hook", "rotateSecret": True})

    rows = tenant.admin.get("/admin/audit-logs")["items"]

    assert [(row["action"], row["details"]) for row in rows] == [
        ("WEBHOOK_CHANGED", "webhook set, secret rotated"),
        ("USER_REGISTERED", "added as VIEWER"),
        ("USER_REGISTERED", "first user, as ADMIN"),
    ]


@pytest.mark.parametrize("statement", ["UPDATE audit_logs SET details = ''", "DELETE FROM audit_logs"])
def test_not_even_the_databases_owner_rewrites_it(statement: str, cloud: LocalCloud, story: dict[str, Any]) -> None:
    with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        cloud.rows(statement)
