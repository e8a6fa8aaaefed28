"""A job that keeps failing: its retries at 2, 4 and 8 seconds, its timeline, and its dead letter in Kafka."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.client import Caller, Tenant

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

BACK_OFF_SECONDS = (2, 4, 8)
# 0.1 of jitter, and the slowness of a shared machine on top.
JITTER = 1.1
SLACK_SECONDS = 8.0


@pytest.fixture(scope="module")
def unlucky(anonymous: Caller) -> Tenant:
    return Tenant.found(anonymous, "unlucky")


@pytest.fixture(scope="module")
def failed(unlucky: Tenant) -> dict[str, Any]:
    """A job that failed four times by the rules that hold when nothing else is asked for."""
    payload = {"durationSeconds": 0.1, "failTimes": 100}
    job = unlucky.admin.submit("Never works", description="it is told to", type="simulate", payload=payload)
    return unlucky.admin.wait_for(job["jobId"], "FAILED", seconds=90)


def test_it_ends_failed_after_three_retries(failed: dict[str, Any]) -> None:
    assert (failed["attempts"], failed["retryCount"], failed["maxRetries"]) == (4, 3, 3)
    assert failed["lastError"] == "simulated failure of attempt 4"
    assert failed["completedAt"]
    assert failed["nextAttemptAt"] is None


def test_its_timeline_tells_every_step_in_order(unlucky: Tenant, failed: dict[str, Any]) -> None:
    timeline = unlucky.admin.get(f"/jobs/{failed['jobId']}/timeline")

    moves = [(s["action"], s["fromState"], s["toState"]) for s in timeline["steps"] if s["action"] != "JOB_CLASSIFIED"]
    start = ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING")
    retry = ("JOB_RETRY", "PROCESSING", "PENDING")
    assert moves == [
        ("JOB_CREATED", None, "PENDING"),
        *(start, retry, start, retry, start, retry, start),
        ("JOB_SENT_TO_DLQ", "PROCESSING", "FAILED"),
    ]
    assert (timeline["status"], timeline["attempts"], timeline["truncated"]) == ("FAILED", 4, False)
    assert timeline["steps"][0]["by"] == unlucky.admin_name
    times = [step["at"] for step in timeline["steps"]]
    assert times == sorted(times)


def test_its_retries_are_due_after_two_four_and_eight_seconds(unlucky: Tenant, failed: dict[str, Any]) -> None:
    steps = unlucky.admin.moves(failed["jobId"])
    retries = [index for index, step in enumerate(steps) if step["action"] == "JOB_RETRY"]

    assert len(retries) == len(BACK_OFF_SECONDS)
    for number, (index, seconds) in enumerate(zip(retries, BACK_OFF_SECONDS, strict=True), start=1):
        retry, start = steps[index], steps[index + 1]
        assert retry["details"] == f"attempt {number} failed: simulated failure of attempt {number}"
        assert seconds <= retry["attributes"]["delaySeconds"] <= seconds * JITTER
        failed_at, due, started = map(
            datetime.fromisoformat, (retry["at"], retry["attributes"]["nextAttemptAt"], start["at"])
        )
        # The audit row is stamped a moment after the transaction's own time, from which the delay counts.
        assert abs((due - failed_at).total_seconds() - retry["attributes"]["delaySeconds"]) < 1
        assert due <= started <= due + timedelta(seconds=SLACK_SECONDS)


def test_its_dead_letter_is_in_kafka(cloud: LocalCloud, failed: dict[str, Any]) -> None:
    letters = [record for record in cloud.records("job-dlq") if record.key == failed["jobId"]]

    assert len(letters) == 1
    letter = letters[0].body
    assert datetime.fromisoformat(letter.pop("failedAt"))
    assert letter == {
        "jobId": failed["jobId"],
        "tenantId": failed["tenantId"],
        "type": "simulate",
        "title": "Never works",
        "description": "it is told to",
        "payload": failed["payload"],
        "failureReason": "simulated failure of attempt 4",
        "retryCount": 3,
        "attempts": 4,
        "originalEventType": "JOB_CREATED",
        "correlationId": failed["correlationId"],
    }
    assert letters[0].headers["correlation_id"] == failed["correlationId"]


def test_its_events_are_in_kafka(cloud: LocalCloud, failed: dict[str, Any]) -> None:
    asked = [record.body for record in cloud.records("job-events") if record.key == failed["jobId"]]
    told = [record.body for record in cloud.records("job-results") if record.key == failed["jobId"]]

    assert [(event["eventType"], event["attempt"]) for event in asked] == [
        ("JOB_CREATED", 1),
        *(("JOB_RETRY", attempt) for attempt in (2, 3, 4)),
    ]
    created = asked[0]
    assert {name: created[name] for name in ("jobId", "tenantId", "title", "description", "status")} == {
        name: failed[name] if name != "status" else "PENDING"
        for name in ("jobId", "tenantId", "title", "description", "status")
    }
    assert created["schemaVersion"] == 1
    assert created["correlationId"] == failed["correlationId"]
    assert datetime.fromisoformat(created["occurredAt"])
    assert [(event["eventType"], event["failureReason"]) for event in told] == [
        ("JOB_FAILED", "simulated failure of attempt 4")
    ]


def test_it_is_listed_as_a_dead_letter(unlucky: Tenant, failed: dict[str, Any]) -> None:
    letters = unlucky.admin.get("/admin/dlq", reason="FAILURE of attempt 4", type="simulate")["items"]

    assert [letter["jobId"] for letter in letters] == [failed["jobId"]]
    assert (letters[0]["retryCount"], letters[0]["failureReason"]) == (3, failed["lastError"])
    assert unlucky.admin.get("/admin/dlq", type="webhook")["items"] == []


def test_a_job_may_ask_for_a_back_off_of_its_own(tenant: Tenant) -> None:
    payload = {"durationSeconds": 0, "failTimes": 2}
    job = tenant.admin.submit(type="simulate", payload=payload, retry={"count": 5, "baseSeconds": 0.2})

    done = tenant.admin.wait_for(job["jobId"], "COMPLETED")

    assert (done["attempts"], done["retryCount"]) == (3, 2)
    retries = [step for step in tenant.admin.steps(job["jobId"]) if step["action"] == "JOB_RETRY"]
    for step, seconds in zip(retries, (0.2, 0.4), strict=True):
        assert seconds <= step["attributes"]["delaySeconds"] <= seconds * JITTER


def test_a_permanent_failure_is_not_retried(tenant: Tenant) -> None:
    job = tenant.failed_job()

    assert (job["attempts"], job["maxRetries"]) == (1, 3)
    assert tenant.admin.moves(job["jobId"])[-1]["attributes"] == {"attempt": 1, "retryable": False}


def test_a_job_that_takes_too_long_is_cut_off(tenant: Tenant) -> None:
    payload = {"durationSeconds": 30}
    job = tenant.admin.submit(type="simulate", payload=payload, timeoutSeconds=1, retry={"count": 0})

    assert tenant.admin.wait_for(job["jobId"])["lastError"] == "the handler did not finish within 1 seconds"
