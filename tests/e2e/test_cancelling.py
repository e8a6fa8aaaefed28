"""Cancelling: what has not started, once, and in a race with the processor one of the two wins cleanly."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.e2e.client import ENDED, Rest, Tenant, expect_problem
from tests.e2e.waiting import at_once, wait_until

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

# How many jobs are raced for, and by how many callers each.
RACES = 4
CALLERS = 4


def test_a_waiting_job_is_cancelled_and_never_runs_again(tenant: Tenant, cloud: LocalCloud, rest: Rest) -> None:
    job = rest(tenant)
    operator = tenant.member("OPERATOR")

    cancelled = operator.post(f"/jobs/{job['jobId']}/cancel")

    assert cancelled["status"] == "CANCELLED"
    assert cancelled["completedAt"]
    assert cancelled["version"] == job["version"] + 1
    step = operator.moves(job["jobId"])[-1]
    assert (step["action"], step["fromState"], step["toState"]) == ("JOB_CANCELLED", "PENDING", "CANCELLED")
    expect_problem(operator.call("POST", f"/jobs/{job['jobId']}/cancel"), 409)

    def told() -> list[str]:
        return [r.body["eventType"] for r in cloud.records("job-results") if r.key == job["jobId"]]

    assert wait_until(told, "the news on job-results") == ["JOB_CANCELLED"]


def test_of_many_who_cancel_at_once_one_does(tenant: Tenant, rest: Rest) -> None:
    jobs = [rest(tenant)["jobId"] for _ in range(RACES)]
    everybody = jobs * CALLERS

    def cancel(job_id: str) -> tuple[str, int]:
        return job_id, tenant.admin.call("POST", f"/jobs/{job_id}/cancel").status_code

    # Cold starts would let the calls come one after the other.
    at_once(lambda _: tenant.admin.call("POST", "/jobs/nothing/cancel"), everybody)
    answers = Counter(at_once(cancel, everybody))

    assert answers == {(job_id, status): n for job_id in jobs for status, n in ((200, 1), (409, CALLERS - 1))}
    for job_id in jobs:
        assert Counter(step["action"] for step in tenant.admin.steps(job_id))["JOB_CANCELLED"] == 1


def test_cancelling_races_with_starting_and_the_answer_holds(tenant: Tenant) -> None:
    def submit_and_cancel(number: int) -> tuple[str, int]:
        kind = {"type": "simulate", "payload": {"durationSeconds": 0}} if number % 2 else {}
        job_id = tenant.admin.submit(f"Number {number}", **kind)["jobId"]
        return job_id, tenant.admin.call("POST", f"/jobs/{job_id}/cancel").status_code

    with ThreadPoolExecutor(4) as pool:
        answers = dict(pool.map(submit_and_cancel, range(24)))

    assert set(answers.values()) <= {200, 409}
    for job_id, status in answers.items():
        ended = tenant.admin.wait_for(job_id)
        assert ended["status"] == ("CANCELLED" if status == 200 else "COMPLETED")
        moves = [step for step in tenant.admin.steps(job_id) if step["fromState"] != step["toState"]]
        assert len([move for move in moves if move["toState"] in ENDED]) == 1
        if status == 200:
            assert ended["attempts"] == 0


def test_a_running_or_ended_job_is_not_cancelled(tenant: Tenant) -> None:
    job_id = tenant.admin.submit(type="simulate", payload={"durationSeconds": 2})["jobId"]
    tenant.admin.wait_for(job_id, "PROCESSING")

    assert "PROCESSING" in expect_problem(tenant.admin.call("POST", f"/jobs/{job_id}/cancel"), 409)["detail"]
    tenant.admin.wait_for(job_id, "COMPLETED")
    assert "COMPLETED" in expect_problem(tenant.admin.call("POST", f"/jobs/{job_id}/cancel"), 409)["detail"]
