"""Cancelling races with workers: either wins, never both."""

from functools import partial
from typing import Any

import pytest

from smartqueue.errors import ConflictError
from smartqueue.jobs import JobView
from tests.integration.harness import Answer, Plane, event_types
from tests.integration.parts import Parts, at_once


def cancel(plane: Plane, token: str, job: str) -> Answer:
    return plane.call("submit", "POST", "/jobs/{jobId}/cancel", token=token, jobId=job)


def test_a_pending_job_is_cancelled_and_its_events_run_nothing(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token)
    answer = cancel(plane, token, job)
    assert (answer.status, answer.body["status"]) == (200, "CANCELLED")
    assert answer.body["completedAt"] is not None
    plane.drive()
    assert plane.job(job)["status"] == "CANCELLED"
    assert "PROCESSING" not in [new for _, _, new in plane.steps(job)]
    assert list(event_types(plane.records("job-results"))) == ["JOB_CANCELLED"]


def test_a_job_that_waits_for_its_retry_can_be_cancelled(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token, failTimes=1)
    plane.deliver("process", plane.records())
    assert cancel(plane, token, job).status == 200
    plane.make_due()
    plane.drive()
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("CANCELLED", 1)
    assert plane.audit(job)[-1]["details"] == "cancelled after attempt 1"


@pytest.mark.parametrize("payload", [{}, {"failTimes": 1, "failure": "permanent"}], ids=["COMPLETED", "FAILED"])
def test_a_job_that_ended_cannot_be_cancelled(plane: Plane, payload: dict[str, Any]) -> None:
    token = plane.admin()
    job = plane.simulate(token, **payload)
    plane.deliver("process", plane.records())
    before = plane.job(job)
    assert cancel(plane, token, job).status == 409
    assert plane.job(job) == before


def test_a_job_is_cancelled_once_and_by_its_own_tenant_only(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token)
    assert cancel(plane, plane.admin("tenant-b", "bob"), job).status == 404
    assert cancel(plane, plane.member(token, "VIEWER"), job).status == 403
    assert cancel(plane, plane.member(token, "OPERATOR"), job).status == 200
    assert cancel(plane, token, job).status == 409
    assert cancel(plane, token, "no-uuid").status == 404


def test_of_a_cancel_and_a_worker_exactly_one_wins(plane: Plane, parts: Parts) -> None:
    token = plane.admin()
    jobs = plane.submit_many(token, 40, type="simulate", payload={"durationSeconds": 0})
    records = {record.key.decode(): record for record in plane.records()}
    process, cancellation, caller = parts.processor(), parts.cancellation(), parts.principal(token)
    wins = {"CANCELLED": 0, "COMPLETED": 0}
    for job in jobs:
        _, outcome = at_once(
            partial(process, [records[job]]),
            partial(cancellation.cancel, job, caller=caller, correlation_id="c"),
        )
        status = plane.job(job)["status"]
        wins[status] += 1
        assert isinstance(outcome, JobView if status == "CANCELLED" else ConflictError), outcome
        started = ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING") in plane.steps(job)
        assert started is (status == "COMPLETED")
    assert sum(wins.values()) == len(jobs)
    assert sorted(event_types(plane.records("job-results"))) == sorted(
        ["JOB_CANCELLED"] * wins["CANCELLED"] + ["JOB_COMPLETED"] * wins["COMPLETED"]
    )
