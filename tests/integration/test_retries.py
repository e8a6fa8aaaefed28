"""Failed attempts come back after 2, 4 and 8 seconds, then the job is dead and its letter says why."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.integration.harness import Plane, event_types, values


def run_next_attempt(plane: Plane) -> None:
    plane.make_due()
    plane.look()
    plane.deliver("process", plane.records())


def waiting_seconds(plane: Plane) -> float:
    [row] = plane.rows(
        "SELECT extract(epoch FROM o.due_at - j.updated_at)::double precision AS outbox,"
        " extract(epoch FROM j.next_attempt_at - j.updated_at)::double precision AS job"
        " FROM jobs j JOIN outbox o ON o.key = j.job_id::text AND o.topic = 'job-events'"
    )
    assert row["outbox"] == pytest.approx(row["job"], abs=0.001)
    return float(row["outbox"])


def test_a_job_is_retried_after_2_4_and_8_seconds_then_dead(plane: Plane) -> None:
    plane.configure(RETRY_JITTER="0")
    token = plane.admin()
    job = plane.simulate(token, failTimes=99)
    waits = []
    for attempt in (1, 2, 3):
        run_next_attempt(plane)
        row = plane.job(job)
        assert (row["status"], row["attempt"]) == ("PENDING", attempt)
        assert row["last_error"] == f"simulated failure of attempt {attempt}"
        waits.append(waiting_seconds(plane))
    run_next_attempt(plane)

    assert waits == pytest.approx([2, 4, 8])
    row = plane.job(job)
    assert (row["status"], row["attempt"]) == ("FAILED", 4)
    assert [step for step in plane.steps(job) if step[1] == "PROCESSING"] == [
        *[("JOB_RETRY", "PROCESSING", "PENDING")] * 3,
        ("JOB_SENT_TO_DLQ", "PROCESSING", "FAILED"),
    ]
    timeline = plane.call("query", "GET", "/jobs/{jobId}/timeline", token=token, jobId=job).body
    retries = [step for step in timeline["steps"] if step["action"] == "JOB_RETRY"]
    assert [step["attributes"]["delaySeconds"] for step in retries] == [2, 4, 8]
    for step, wait in zip(retries, waits, strict=True):
        due = datetime.fromisoformat(step["attributes"]["nextAttemptAt"])
        assert abs(due - datetime.fromisoformat(step["at"]) - timedelta(seconds=wait)) < timedelta(seconds=1)
    view = plane.call("query", "GET", "/jobs/{jobId}", token=token, jobId=job).body
    assert (view["attempts"], view["retryCount"], view["nextAttemptAt"]) == (4, 3, None)


def test_jitter_makes_retries_later_but_never_earlier_and_by_a_tenth_at_most(plane: Plane) -> None:
    plane.submit_many(plane.admin(), 30, type="simulate", payload={"durationSeconds": 0, "failTimes": 9})
    plane.deliver("process", plane.records())
    waits = {r["w"] for r in plane.rows("SELECT (attributes->>'delaySeconds')::float AS w FROM audit_logs")} - {None}
    assert min(waits) >= 2
    assert max(waits) <= 2.2
    assert len(waits) > 1


def test_a_retry_is_not_published_before_it_is_due(plane: Plane) -> None:
    plane.simulate(plane.admin(), failTimes=1)
    plane.deliver("process", plane.records())
    assert plane.look() == 0
    assert plane.records() == []
    plane.make_due()
    assert plane.look() == 1
    assert list(event_types(plane.records())) == ["JOB_RETRY"]


def test_a_job_may_bring_its_own_back_off(plane: Plane) -> None:
    job = plane.simulate(plane.admin(), failTimes=99, retry={"count": 1, "baseSeconds": 0.1})
    plane.deliver("process", plane.records())
    assert 0.1 <= waiting_seconds(plane) <= 0.12
    run_next_attempt(plane)
    assert plane.job(job)["status"] == "FAILED"


def test_the_dead_letter_carries_the_job_and_the_reason(plane: Plane) -> None:
    token = plane.admin()
    answer = plane.call(
        "submit",
        "POST",
        "/jobs",
        {
            "title": "pay the bill",
            "description": "twice",
            "type": "simulate",
            "payload": {"durationSeconds": 0, "failTimes": 9},
            "retry": {"count": 1, "baseSeconds": 0.1},
        },
        token=token,
        headers={"x-correlation-id": "corr-1"},
    )
    job = answer.body["jobId"]
    plane.deliver("process", plane.records())
    run_next_attempt(plane)

    [record] = plane.records("job-dlq")
    [letter] = values([record])
    failed_at = datetime.fromisoformat(letter.pop("failedAt"))
    assert failed_at.tzinfo is not None
    assert letter == {
        "jobId": job,
        "tenantId": "tenant-a",
        "type": "simulate",
        "title": "pay the bill",
        "description": "twice",
        "payload": {"durationSeconds": 0, "failTimes": 9, "failureRate": 0, "failure": "retryable"},
        "failureReason": "simulated failure of attempt 2",
        "retryCount": 1,
        "attempts": 2,
        "originalEventType": "JOB_CREATED",
        "correlationId": "corr-1",
    }
    assert record.key == job.encode()
    assert ("correlation_id", b"corr-1") in record.headers
    [failed] = values(plane.records("job-results"))
    assert (failed["eventType"], failed["failureReason"]) == ("JOB_FAILED", "simulated failure of attempt 2")
    [listed] = plane.call("replay", "GET", "/admin/dlq", token=token).body["items"]
    for name in ("jobId", "failureReason", "retryCount", "attempts", "originalEventType", "correlationId", "payload"):
        assert listed[name] == letter.get(name, listed[name])


def test_a_permanent_failure_is_dead_at_once(plane: Plane) -> None:
    job = plane.simulate(plane.admin(), failTimes=9, failure="permanent")
    plane.deliver("process", plane.records())
    row = plane.job(job)
    assert (row["status"], row["attempt"]) == ("FAILED", 1)
    assert "cannot succeed by trying again" in plane.audit(job)[-1]["details"]


@pytest.mark.parametrize(
    ("answer", "least_seconds", "most_seconds"),
    [
        (Answer(status=503, headers={"Retry-After": "30"}), 30, 30),
        (Answer(status=503, headers={"Retry-After": "86400"}), 300, 300),
        (Answer(status=500), 2, 2.2),
    ],
    ids=["honoured", "capped", "none"],
)
def test_the_receivers_retry_after_is_honoured_up_to_five_minutes(
    plane: Plane, receiver: WebhookReceiver, answer: Answer, least_seconds: float, most_seconds: float
) -> None:
    receiver.script(answer)
    plane.submit(plane.admin(), type="webhook", payload={"url": receiver.url})
    plane.deliver("process", plane.records())
    assert least_seconds <= waiting_seconds(plane) <= most_seconds


def test_a_job_that_takes_longer_than_its_timeout_is_retried(plane: Plane) -> None:
    fields: dict[str, Any] = {"type": "simulate", "payload": {"durationSeconds": 30}, "timeoutSeconds": 1}
    job = plane.submit(plane.admin(), **fields)["jobId"]
    plane.deliver("process", plane.records())
    row = plane.job(job)
    assert (row["status"], row["last_error"]) == ("PENDING", "the handler did not finish within 1 seconds")


def test_an_invocation_short_of_time_cuts_its_handlers_off_and_still_writes_their_outcome(plane: Plane) -> None:
    job = plane.simulate(plane.admin(), durationSeconds=30)
    plane.deliver("process", plane.records(), seconds=6.5)
    assert plane.job(job)["status"] == "PENDING"
    assert plane.rows("SELECT topic FROM outbox") == [{"topic": "job-events"}]
