"""Leases: who is silent loses the job, who lost it can finish nothing, and who still works keeps it."""

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread
from typing import Any

import psycopg
import pytest

from smartqueue.events import JobEvent
from smartqueue.ids import new_id
from smartqueue.jobs import Action, Actor, Job, Move, Status
from smartqueue.metrics import Meter
from smartqueue.outcomes import complete, fail
from smartqueue.store.attempts import AttemptStore
from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.integration.harness import Plane, event_types, values
from tests.integration.parts import Environment, Parts, at_once

WORKER = Actor(username="system:process")


@pytest.fixture
def worker(parts: Parts) -> Environment:
    return parts.environment("process")


def claim(worker: Environment, records: list[Any]) -> list[Job]:
    """Claim as a worker that then hangs."""
    events = [JobEvent.model_validate_json(record.value) for record in records]
    claims = AttemptStore(worker.database).claim(
        events, lease_token=new_id(), lease_seconds=60, username=WORKER.username
    )
    return [Job.from_row(row) for row in claims.rows]


def test_a_worker_that_lost_its_lease_cannot_finish(plane: Plane, worker: Environment) -> None:
    job_id = plane.simulate(plane.admin())
    [lost] = claim(worker, plane.records())
    plane.expire_leases()
    plane.look()
    assert plane.job(job_id)["status"] == "PENDING"
    before = plane.job(job_id), plane.audit(job_id), plane.rows("SELECT * FROM outbox")

    outcomes = [
        complete(lost, {"late": True}, WORKER, duration_seconds=1),
        fail(lost, "late", WORKER, jitter=0, chance=0),
        fail(lost, "late", WORKER, jitter=0, chance=0, retryable=False),
    ]
    assert [worker.jobs.move([move]) for move in outcomes] == [set(), set(), set()]
    assert before == (plane.job(job_id), plane.audit(job_id), plane.rows("SELECT * FROM outbox"))

    plane.make_due()
    plane.drive()
    assert worker.jobs.move(outcomes) == set()
    assert (plane.job(job_id)["status"], plane.job(job_id)["result"].get("late")) == ("COMPLETED", None)


def test_a_worker_that_lost_its_lease_to_the_next_attempt_cannot_finish_that_one(
    plane: Plane, worker: Environment
) -> None:
    plane.simulate(plane.admin())
    [lost] = claim(worker, plane.records())
    plane.expire_leases()
    plane.look()
    plane.make_due()
    plane.look()
    [current] = claim(worker, plane.records())
    assert current.attempt == 2
    assert worker.jobs.move([complete(lost, {}, WORKER, duration_seconds=1)]) == set()
    assert AttemptStore(worker.database).extend([lost.job_id], lease_token=str(lost.lease_token), lease_seconds=9) == (
        set()
    )
    assert worker.jobs.move([complete(current, {}, WORKER, duration_seconds=1)]) == {current.job_id}


def test_every_move_carries_the_version_it_was_decided_on(plane: Plane, worker: Environment) -> None:
    plane.simulate(plane.admin())
    [job] = claim(worker, plane.records())
    plane.rows("UPDATE jobs SET version = version + 1")
    assert worker.jobs.move([complete(job, {}, WORKER, duration_seconds=1)]) == set()
    assert plane.statuses() == {"PROCESSING": 1}


def test_of_two_moves_decided_on_the_same_version_one_is_made(plane: Plane, parts: Parts) -> None:
    job_id = plane.simulate(plane.admin(), failTimes=1, retry={"count": 0})
    plane.deliver("process", plane.records())
    job = Job.from_row(plane.job(job_id))
    move = Move(job=job, to=Status.PENDING, action=Action.JOB_REPLAYED, actor=WORKER, details="x", attempt=0)
    stores = [parts.environment("process").jobs for _ in range(4)]
    outcomes = at_once(*(partial(store.move, [move]) for store in stores))
    assert sorted(map(len, outcomes)) == [0, 0, 0, 1]  # type: ignore[arg-type]


def test_a_job_that_takes_longer_than_its_lease_is_kept_by_the_heartbeat(
    plane: Plane, receiver: WebhookReceiver, parts: Parts
) -> None:
    plane.configure(LEASE_SECONDS="0.6", HEARTBEAT_SECONDS="0.1")
    rescue = parts.rescue()
    receiver.script(Answer(delay_seconds=1.5))
    job = plane.submit(plane.admin(), type="webhook", payload={"url": receiver.url})["jobId"]
    records = plane.records()
    deliver = Thread(target=partial(plane.deliver, "process", records))
    deliver.start()
    try:
        receiver.wait_for(1)
        while deliver.is_alive():
            assert rescue.rescue_expired(Meter(None)) == 0
            deliver.join(0.05)
    finally:
        deliver.join()
    assert plane.job(job)["status"] == "COMPLETED"
    assert "JOB_LEASE_EXPIRED" not in [action for action, _, _ in plane.steps(job)]
    assert len(receiver.requests) == 1


def test_the_heartbeat_locks_in_the_order_of_every_other_batch(plane: Plane, worker: Environment) -> None:
    token = plane.admin()
    first, second = sorted((plane.simulate(token), plane.simulate(token)))
    [job, _] = claim(worker, plane.records())
    # Now the second lies before the first in the table, and the table is read from its beginning.
    plane.rows("UPDATE jobs SET updated_at = now() WHERE job_id = %s", first)
    store = AttemptStore(worker.database)
    for scan in ("indexscan", "bitmapscan"):
        worker.database.connection().execute(f"SET enable_{scan} = off")
    with psycopg.connect(plane.postgres.superuser_url) as other, ThreadPoolExecutor(1) as pool:
        other.execute("SELECT 1 FROM jobs WHERE job_id = %s FOR UPDATE", (first,))
        beat = pool.submit(store.extend, [first, second], lease_token=job.lease_token or "", lease_seconds=60)
        while not plane.rows("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'"):
            assert not beat.done()
        other.execute("SELECT 1 FROM jobs WHERE job_id = %s FOR UPDATE NOWAIT", (second,))
        other.rollback()
        assert beat.result(timeout=20) == {first, second}


def test_a_processor_whose_lease_was_taken_meanwhile_writes_nothing(
    plane: Plane, receiver: WebhookReceiver, parts: Parts
) -> None:
    receiver.script(Answer(delay_seconds=0.7))
    job = plane.submit(plane.admin(), type="webhook", payload={"url": receiver.url})["jobId"]
    deliver = Thread(target=partial(plane.deliver, "process", plane.records()))
    deliver.start()
    try:
        receiver.wait_for(1)
        plane.expire_leases()
        assert parts.rescue().rescue_expired(Meter(None)) == 1
    finally:
        deliver.join()
    row = plane.job(job)
    assert (row["status"], row["attempt"]) == ("PENDING", 1)
    assert "lease expired" in row["last_error"]
    assert plane.records("job-results") == []
    plane.make_due()
    plane.drive()
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("COMPLETED", 2)


def test_two_relays_rescue_an_expired_lease_once(plane: Plane, parts: Parts, worker: Environment) -> None:
    plane.submit_many(plane.admin(), 20, type="simulate", payload={"durationSeconds": 0})
    claim(worker, plane.records())
    plane.expire_leases()
    relays = [parts.rescue() for _ in range(3)]
    rescued = at_once(*(partial(rescue.rescue_expired, Meter(None)) for rescue in relays))
    assert sum(rescued) == 20  # type: ignore[arg-type]
    assert plane.rows("SELECT count(*) AS n FROM outbox") == [{"n": 20}]
    assert plane.rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'JOB_LEASE_EXPIRED'") == [{"n": 20}]


def test_an_expired_lease_of_the_last_attempt_makes_the_job_dead(plane: Plane, worker: Environment) -> None:
    job = plane.simulate(plane.admin(), retry={"count": 0})
    claim(worker, plane.records())
    plane.expire_leases()
    plane.look()
    assert plane.job(job)["status"] == "FAILED"
    plane.make_due()
    plane.look()
    assert [letter["jobId"] for letter in values(plane.records("job-dlq"))] == [job]
    assert list(event_types(plane.records("job-results"))) == ["JOB_FAILED"]


@pytest.mark.parametrize("lost", ["JOB_CREATED", "JOB_CLASSIFIED", "JOB_RETRY", "JOB_REPLAYED"])
def test_a_job_whose_event_kafka_lost_is_found_and_finished(plane: Plane, lost: str) -> None:
    token = plane.admin()
    if lost in {"JOB_CREATED", "JOB_CLASSIFIED"}:
        job = plane.submit(token)["jobId"]
    else:
        job = plane.simulate(token, failTimes=1, retry={"count": 1 if lost == "JOB_RETRY" else 0})
    created = plane.records()
    if lost != "JOB_CREATED":
        plane.deliver("classify" if lost == "JOB_CLASSIFIED" else "process", created)
    if lost == "JOB_REPLAYED":
        plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=job)
    plane.make_due()
    plane.look()
    assert list(event_types(plane.records() or created)) == [lost]

    assert plane.look() == 0, "it may still be on its way"
    plane.rows("UPDATE jobs SET event_due_at = now() - interval '901 s'")
    assert plane.look() == 1
    assert plane.look() == 0, "once is enough for another fifteen minutes"
    plane.drive()
    # A replayed job that was told to fail its first attempt fails it again.
    assert plane.job(job)["status"] == ("FAILED" if lost == "JOB_REPLAYED" else "COMPLETED")
    assert plane.rows("SELECT * FROM outbox WHERE topic = 'job-events'") == []


def test_a_job_whose_event_still_waits_in_the_outbox_is_not_stranded(plane: Plane) -> None:
    plane.simulate(plane.admin(), failTimes=1)
    plane.deliver("process", plane.records())
    plane.rows("UPDATE jobs SET event_due_at = now() - interval '901 s'")
    plane.rows("UPDATE outbox SET due_at = now() + interval '1 hour'")
    assert plane.look() == 0
    assert plane.rows("SELECT count(*) AS n FROM outbox") == [{"n": 1}]
