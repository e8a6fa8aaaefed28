"""Submitting jobs: the answer, Idempotency-Key, and batches whose jobs are judged one by one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from tests.e2e.client import Tenant, expect, expect_problem, unique
from tests.e2e.waiting import at_once

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

FIELDS = {
    *("jobId", "tenantId", "title", "description", "status", "retryCount", "category", "priority", "confidenceScore"),
    *("classificationSource", "correlationId", "createdAt", "updatedAt", "version"),
}
MORE_FIELDS = {"type", "recommendedAction", "attempts", "result", "lastError", "completedAt", "replayCount"}


def test_a_new_job_is_pending_and_has_every_field(tenant: Tenant) -> None:
    job = tenant.admin.submit("Disk is full", description="on the build server")

    assert job.keys() >= FIELDS | MORE_FIELDS
    assert (job["type"], job["status"], job["retryCount"], job["version"]) == ("ticket", "PENDING", 0, 0)
    assert (job["title"], job["description"]) == ("Disk is full", "on the build server")
    assert job["tenantId"] == tenant.tenant_id


def test_a_201_is_a_row_with_its_audit_row(tenant: Tenant, cloud: LocalCloud) -> None:
    job = tenant.admin.submit()

    rows = cloud.rows("SELECT tenant_id, title FROM jobs WHERE job_id = %s", job["jobId"])
    assert rows == [{"tenant_id": tenant.tenant_id, "title": "A job"}]
    created = cloud.rows(
        "SELECT username FROM audit_logs WHERE entity_id = %s AND action = 'JOB_CREATED'", job["jobId"]
    )
    assert created == [{"username": tenant.admin_name}]


def test_the_same_key_and_body_give_the_same_job(tenant: Tenant) -> None:
    headers = {"Idempotency-Key": unique("key")}
    body = {"title": "Once", "description": "and never again"}

    first = tenant.admin.call("POST", "/jobs", body, headers=headers)
    again = tenant.admin.call("POST", "/jobs", body, headers=headers)

    assert expect(first, 201)["jobId"] == expect(again, 200)["jobId"]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len(tenant.admin.get("/jobs")["items"]) == 1


def test_the_same_key_with_another_body_is_a_conflict(tenant: Tenant) -> None:
    headers = {"Idempotency-Key": unique("key")}
    expect(tenant.admin.call("POST", "/jobs", {"title": "This"}, headers=headers), 201)

    for other in ({"title": "That"}, {"title": "This", "retry": {"count": 0}}):
        expect_problem(tenant.admin.call("POST", "/jobs", other, headers=headers), 409)
    assert [job["title"] for job in tenant.admin.get("/jobs")["items"]] == ["This"]


def test_many_at_once_with_one_key_make_one_job(tenant: Tenant, cloud: LocalCloud) -> None:
    headers = {"Idempotency-Key": unique("key")}

    def send(_: int) -> tuple[int, str]:
        answer = tenant.admin.call("POST", "/jobs", {"title": "Clicked ten times"}, headers=headers)
        return answer.status_code, answer.json()["jobId"]

    # Cold starts would let the calls come one after the other.
    at_once(lambda _: tenant.admin.call("POST", "/jobs", {}), range(10))
    answers = at_once(send, range(10))

    assert Counter(status for status, _ in answers) == {201: 1, 200: 9}
    job_id = answers[0][1]
    assert {seen for _, seen in answers} == {job_id}
    tenant.admin.wait_for(job_id, "COMPLETED")
    starts = cloud.rows("SELECT 1 FROM audit_logs WHERE entity_id = %s AND new_state = 'PROCESSING'", job_id)
    assert len(starts) == 1


def test_a_batch_of_a_hundred_takes_the_good_and_tells_about_the_bad(tenant: Tenant) -> None:
    quick = {"type": "simulate", "payload": {"durationSeconds": 0}}
    jobs: list[dict[str, Any]] = [{"title": f"Number {index}", **quick} for index in range(100)]
    wrong: dict[int, tuple[dict[str, Any], str]] = {
        3: ({}, "title"),
        20: ({"title": ""}, "title"),
        41: ({"title": "x", "type": "unheard-of"}, "type"),
        60: ({"title": "x", "tenantId": "somebody-else"}, "tenantId"),
        77: ({"title": "x", "type": "simulate", "payload": {"durationSeconds": 1000}}, "payload.durationSeconds"),
        99: ({"title": "x" * 201}, "title"),
    }
    for index, (body, _) in wrong.items():
        jobs[index] = body

    result = tenant.admin.post("/jobs/batch", {"jobs": jobs})

    assert (result["created"], result["rejected"]) == (94, 6)
    assert [item["index"] for item in result["items"]] == list(range(100))
    for item in result["items"]:
        if item["index"] in wrong:
            assert (item["status"], item["job"]) == (422, None)
            assert item["errors"][0]["field"] == wrong[item["index"]][1]
        else:
            assert item["status"] == 201
            assert item["job"]["title"] == f"Number {item['index']}"
    for item in result["items"]:
        if item["job"]:
            tenant.admin.wait_for(item["job"]["jobId"], "COMPLETED")
    assert tenant.admin.get("/jobs", limit=100, status="COMPLETED")["nextCursor"] is None


def test_a_batch_sent_twice_with_a_key_makes_its_jobs_once(tenant: Tenant) -> None:
    headers = {"Idempotency-Key": unique("batch")}
    body = {"jobs": [{"title": "One"}, {"title": "Two"}]}

    first = expect(tenant.admin.call("POST", "/jobs/batch", body, headers=headers), 200)
    again = expect(tenant.admin.call("POST", "/jobs/batch", body, headers=headers), 200)

    assert [item["status"] for item in first["items"]] == [201, 201]
    assert [item["status"] for item in again["items"]] == [200, 200]
    assert [item["job"]["jobId"] for item in first["items"]] == [item["job"]["jobId"] for item in again["items"]]


def test_a_batch_too_long_is_refused_whole(tenant: Tenant) -> None:
    expect_problem(tenant.admin.call("POST", "/jobs/batch", {"jobs": [{"title": "x"}] * 101}), 422)
    assert tenant.admin.get("/jobs")["items"] == []
