"""The processor killed by SIGKILL at each of its steps: every attempt is claimed once and has its effect once."""

from collections import Counter

import pytest

from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.integration.harness import Plane, msk_event, values
from tests.integration.processes import Workers
from tests.integration.worker import Death

DROP_DONE = "functions.process.deduplication:Deduplication.drop_done"
CLAIM = "smartqueue.store.attempts:AttemptStore.claim"
RUN_ALL = "functions.process.execution:Executor.run_all"
MOVE = "smartqueue.store.jobs:JobStore.move"
PUBLISH = "smartqueue.store.outbox:Outbox.publish_now"
MARK_DONE = "functions.process.deduplication:Deduplication.mark_done"

# Where the worker dies, and how many attempts each job needs then: one more where the first was claimed and lost.
DEATHS = [
    (Death("before", DROP_DONE), 1),
    (Death("after", DROP_DONE), 1),
    (Death("before", CLAIM), 1),
    (Death("after", CLAIM), 2),
    (Death("before", RUN_ALL), 2),
    (Death("after", RUN_ALL), 2),
    (Death("before", MOVE), 2),
    (Death("after", MOVE), 1),
    (Death("before", PUBLISH), 1),
    (Death("after", PUBLISH), 1),
    (Death("before", MARK_DONE), 1),
    (Death("after", MARK_DONE), 1),
]


def finish(plane: Plane, records: list[object]) -> None:
    """Deliver again as the trigger does, let leases and waiting times pass, and go on until nothing moves."""
    plane.deliver("process", records)
    plane.deliver("process", records)
    plane.expire_leases()
    for _ in range(4):
        plane.look()
        plane.make_due()
    plane.drive()


def attempts_claimed(plane: Plane, job_id: str) -> list[int]:
    return [r["attributes"]["attempt"] for r in plane.audit(job_id) if r["new_state"] == "PROCESSING"]


@pytest.mark.parametrize(("death", "attempts"), DEATHS, ids=[f"{d.when} {d.method.split('.')[-1]}" for d, _ in DEATHS])
def test_a_batch_delivered_again_after_a_crash_runs_each_attempt_once(
    plane: Plane, workers: Workers, receiver: WebhookReceiver, death: Death, attempts: int
) -> None:
    token = plane.admin()
    jobs = plane.submit_many(token, 3, type="webhook", payload={"url": receiver.url})
    records = plane.records()

    workers.crash("process", msk_event(records), death)
    finish(plane, records)

    for job in jobs:
        row = plane.job(job)
        assert (row["status"], row["attempt"]) == ("COMPLETED", attempts)
        assert attempts_claimed(plane, job) == list(range(1, attempts + 1))
        assert [new for _, old, new in plane.steps(job) if old == "PROCESSING"].count("COMPLETED") == 1
    deliveries = Counter(request.headers["webhook-id"] for request in receiver.requests)
    assert set(deliveries.values()) == {1}
    assert {f"{job}-0-{attempts}" for job in jobs} <= deliveries.keys()
    assert plane.rows("SELECT * FROM outbox") == []
    told = values(plane.records("job-results"))
    assert {event["jobId"] for event in told} == set(jobs)
    assert len({event["eventId"] for event in told}) == len(jobs)


def test_a_crash_in_the_last_attempt_ends_in_the_dead_letter_topic(
    plane: Plane, workers: Workers, receiver: WebhookReceiver
) -> None:
    job = plane.submit(plane.admin(), type="webhook", payload={"url": receiver.url}, retry={"count": 0})["jobId"]
    records = plane.records()
    workers.crash("process", msk_event(records), Death("after", CLAIM))
    finish(plane, records)
    row = plane.job(job)
    assert (row["status"], row["attempt"]) == ("FAILED", 1)
    assert "lease expired" in row["last_error"]
    assert receiver.requests == []
    [letter] = values(plane.records("job-dlq"))
    assert letter["jobId"] == job


def test_a_worker_killed_inside_a_handler_is_rescued_after_its_lease(
    plane: Plane, workers: Workers, receiver: WebhookReceiver
) -> None:
    job = plane.submit(plane.admin(), type="webhook", payload={"url": receiver.url})["jobId"]
    receiver.script(Answer(delay_seconds=30))
    records = plane.records()
    worker = workers.start("process", msk_event(records), LEASE_SECONDS="1.5", HEARTBEAT_SECONDS="0.5")
    receiver.wait_for(1, timeout_seconds=20)
    worker.kill()

    plane.look()
    assert plane.job(job)["status"] == "PROCESSING", "its lease has not run out yet"
    plane.rows("SELECT pg_sleep_until(lease_expires_at + interval '10 ms') FROM jobs")
    plane.look()
    assert plane.job(job)["status"] == "PENDING"
    plane.make_due()
    plane.drive()

    assert plane.job(job)["status"] == "COMPLETED"
    assert plane.steps(job) == [
        ("JOB_CREATED", None, "PENDING"),
        ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
        ("JOB_LEASE_EXPIRED", "PROCESSING", "PENDING"),
        ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
        ("JOB_STATUS_CHANGED", "PROCESSING", "COMPLETED"),
    ]
    assert [r.headers["webhook-id"] for r in receiver.requests] == [f"{job}-0-1", f"{job}-0-2"]
