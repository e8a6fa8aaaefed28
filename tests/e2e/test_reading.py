"""Reading jobs: pages that stay whole while jobs come in, and filters."""

from __future__ import annotations

import pytest

from tests.e2e.client import Caller, Tenant

QUICK = {"type": "simulate", "payload": {"durationSeconds": 0}}


def test_pages_hold_every_job_once_while_others_are_inserted(tenant: Tenant) -> None:
    # One batch is one transaction: all of them have the same time, so only the id puts them in order.
    batch = tenant.admin.post("/jobs/batch", {"jobs": [{"title": f"Old {n}", **QUICK} for n in range(25)]})
    old = {item["job"]["jobId"] for item in batch["items"]}

    seen: list[str] = []
    times: list[str] = []
    page = tenant.admin.get("/jobs", limit=7)
    while True:
        seen += [job["jobId"] for job in page["items"]]
        times += [job["createdAt"] for job in page["items"]]
        tenant.admin.post("/jobs/batch", {"jobs": [{"title": "New", **QUICK}] * 3})
        if page["nextCursor"] is None:
            break
        assert len(page["items"]) == 7
        page = tenant.admin.get("/jobs", limit=7, cursor=page["nextCursor"])

    assert len(seen) == 25
    assert set(seen) == old
    assert times == sorted(times, reverse=True)
    assert [job["title"] for job in tenant.admin.get("/jobs", limit=12)["items"]] == ["New"] * 12


def test_the_default_page_is_twenty(tenant: Tenant) -> None:
    tenant.admin.post("/jobs/batch", {"jobs": [{"title": "Many", **QUICK}] * 21})

    page = tenant.admin.get("/jobs")

    assert len(page["items"]) == 20
    rest = tenant.admin.get("/jobs", cursor=page["nextCursor"])
    assert (len(rest["items"]), rest["nextCursor"]) == (1, None)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "FAILED"}, ["failed"]),
        ({"status": "COMPLETED"}, ["minor", "outage"]),
        ({"type": "ticket"}, ["minor", "outage"]),
        ({"category": "Database"}, ["outage"]),
        ({"priority": "LOW"}, ["minor"]),
        ({"status": "COMPLETED", "priority": "HIGH", "category": "Database"}, ["outage"]),
        ({"status": "FAILED", "type": "ticket"}, []),
    ],
    ids=str,
)
def test_filters_narrow_the_list(filters: dict[str, str], expected: list[str], mixed: Tenant) -> None:
    titles = {"Postgres outage": "outage", "A typo on a page": "minor", "Fails for good": "failed"}

    found = mixed.admin.get("/jobs", **filters)["items"]

    assert sorted(titles[job["title"]] for job in found) == expected


@pytest.fixture(scope="module")
def mixed(anonymous: Caller) -> Tenant:
    """A tenant with two tickets done and a job failed."""
    tenant = Tenant.found(anonymous, "mixed")
    tickets = [tenant.admin.submit("Postgres outage"), tenant.admin.submit("A typo on a page")]
    tenant.failed_job()
    for ticket in tickets:
        tenant.admin.wait_for(ticket["jobId"], "COMPLETED")
    return tenant
