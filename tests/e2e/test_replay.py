"""Replaying dead letters, one or many: once and not twice, and nothing but what has failed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import Rest, Tenant, expect, expect_problem
from tests.e2e.waiting import at_once
from tests.fakes.webhook_receiver import Answer, WebhookReceiver

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

# How many jobs are raced for, and by how many callers each.
RACES = 4
CALLERS = 4


def ids(items: list[dict[str, Any]]) -> set[str]:
    return {item["jobId"] for item in items}


def test_a_replayed_job_starts_anew_and_is_told_so(tenant: Tenant, cloud: LocalCloud) -> None:
    dead = tenant.failed_job()

    answer = tenant.admin.call("POST", f"/admin/jobs/{dead['jobId']}/replay")

    replayed = expect(answer, 200)
    assert (replayed["status"], replayed["retryCount"], replayed["replayCount"]) in {
        ("PENDING", 0, 1),
        ("PROCESSING", 0, 1),
    }
    again = tenant.admin.wait_for(dead["jobId"], "FAILED")
    assert (again["attempts"], again["replayCount"]) == (1, 1)
    step = next(step for step in tenant.admin.steps(dead["jobId"]) if step["action"] == "JOB_REPLAYED")
    assert (step["fromState"], step["toState"], step["by"]) == ("FAILED", "PENDING", tenant.admin_name)
    assert step["attributes"]["requestCorrelationId"] == answer.headers["X-Correlation-ID"]
    events = [record.body for record in cloud.records("job-events") if record.key == dead["jobId"]]
    assert [(e["eventType"], e.get("replayCount", 0)) for e in events] == [("JOB_CREATED", 0), ("JOB_REPLAYED", 1)]
    letters = [record.body for record in cloud.records("job-dlq") if record.key == dead["jobId"]]
    assert [letter["originalEventType"] for letter in letters] == ["JOB_CREATED", "JOB_REPLAYED"]


def test_of_many_replays_at_once_one_counts_and_the_job_runs_once_more(tenant: Tenant, cloud: LocalCloud) -> None:
    # Refused for good the first time and accepted the second, so that no late replay finds a job FAILED again.
    with WebhookReceiver(*[Answer(status=404)] * RACES) as receiver:
        jobs = [tenant.admin.submit(type="webhook", payload={"url": receiver.url})["jobId"] for _ in range(RACES)]
        for job_id in jobs:
            tenant.admin.wait_for(job_id, "FAILED")

        def replay(job_id: str) -> tuple[str, int]:
            return job_id, tenant.admin.call("POST", f"/admin/jobs/{job_id}/replay").status_code

        everybody = jobs * CALLERS
        # Cold starts would let the calls come one after the other.
        at_once(lambda _: tenant.admin.get("/admin/dlq"), everybody)
        answers = Counter(at_once(replay, everybody))
        done = {job_id: tenant.admin.wait_for(job_id, "COMPLETED") for job_id in jobs}
        late = tenant.admin.call("POST", f"/admin/jobs/{jobs[0]}/replay")

    assert answers == {(job_id, status): n for job_id in jobs for status, n in ((200, 1), (409, CALLERS - 1))}
    expect_problem(late, 409)
    assert len(receiver.requests) == 2 * RACES
    events = Counter((r.key, r.body["eventType"]) for r in cloud.records("job-events") if r.key in jobs)
    for job_id in jobs:
        assert (done[job_id]["replayCount"], done[job_id]["attempts"]) == (1, 1)
        assert Counter(step["action"] for step in tenant.admin.steps(job_id))["JOB_REPLAYED"] == 1
        assert events[job_id, "JOB_REPLAYED"] == 1


@pytest.mark.parametrize("state", ["PENDING", "COMPLETED", "CANCELLED"])
def test_what_has_not_failed_is_not_replayed(state: str, tenant: Tenant, rest: Rest) -> None:
    job_id = (tenant.admin.submit() if state == "COMPLETED" else rest(tenant))["jobId"]
    if state == "CANCELLED":
        tenant.admin.post(f"/jobs/{job_id}/cancel")
    tenant.admin.wait_for(job_id, state)

    problem = expect_problem(tenant.admin.call("POST", f"/admin/jobs/{job_id}/replay"), 409)

    assert state in problem["detail"]
    assert tenant.admin.job(job_id)["replayCount"] == 0


def test_all_that_match_are_replayed_and_the_others_are_not(tenant: Tenant) -> None:
    chosen = ids([tenant.failed_job(f"Chosen {number}") for number in range(3)])
    with WebhookReceiver() as receiver:
        receiver.script(Answer(status=410))
        other = tenant.admin.submit("Another type", type="webhook", payload={"url": receiver.url})["jobId"]
        tenant.admin.wait_for(other, "FAILED")

    first = tenant.admin.post("/admin/dlq/replay", {"type": "simulate", "limit": 2})
    second = tenant.admin.post("/admin/dlq/replay", {"jobIds": sorted(chosen - set(first["jobIds"]))})

    assert (first["count"], first["more"]) == (2, True)
    assert (second["count"], second["more"]) == (1, False)
    assert set(first["jobIds"]) | set(second["jobIds"]) == chosen
    for job_id in chosen:
        assert tenant.admin.wait_for(job_id, "FAILED")["replayCount"] == 1
    assert tenant.admin.job(other)["replayCount"] == 0


def test_discarded_letters_leave_the_list_for_good(tenant: Tenant) -> None:
    gone, kept = tenant.failed_job("Gone"), tenant.failed_job("Kept")

    result = tenant.admin.post("/admin/dlq/discard", {"jobIds": [gone["jobId"]]})

    assert result["jobIds"] == [gone["jobId"]]
    assert ids(tenant.admin.get("/admin/dlq")["items"]) == {kept["jobId"]}
    seen = tenant.admin.job(gone["jobId"])
    assert seen["status"] == "FAILED"
    assert seen["discardedAt"]
    expect_problem(tenant.admin.call("POST", f"/admin/jobs/{gone['jobId']}/replay"), 409)
    assert tenant.admin.post("/admin/dlq/discard", {"jobIds": [gone["jobId"]]})["count"] == 0
    assert tenant.admin.moves(gone["jobId"])[-1]["action"] == "JOB_DISCARDED"


def test_dead_letters_come_page_by_page(tenant: Tenant) -> None:
    dead = ids([tenant.failed_job(f"Number {number}") for number in range(5)])

    first = tenant.admin.get("/admin/dlq", limit=3)
    second = tenant.admin.get("/admin/dlq", limit=3, cursor=first["nextCursor"])

    assert (len(first["items"]), len(second["items"]), second["nextCursor"]) == (3, 2, None)
    assert ids(first["items"]) | ids(second["items"]) == dead
