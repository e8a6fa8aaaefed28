"""The same records delivered again, together and interleaved: each attempt runs once."""

from collections import Counter
from functools import partial
from typing import Any

import pytest
import redis

from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.integration.harness import Plane, msk_event
from tests.integration.parts import Parts, at_once
from tests.integration.processes import Workers


def forget_what_is_done(plane: Plane) -> None:
    with redis.Redis(host=plane.valkey.host, port=plane.valkey.port) as client:
        client.flushall()


def webhook_jobs(plane: Plane, receiver: WebhookReceiver, count: int) -> list[str]:
    return plane.submit_many(plane.admin_token, count, type="webhook", payload={"url": receiver.url})


def deliveries(receiver: WebhookReceiver) -> Counter[str]:
    return Counter(request.headers["webhook-id"] for request in receiver.requests)


def assert_each_ran_once(plane: Plane, receiver: WebhookReceiver, jobs: list[str]) -> None:
    assert plane.statuses() == {"COMPLETED": len(jobs)}
    assert deliveries(receiver) == Counter({f"{job}-0-1": 1 for job in jobs})
    claims = "SELECT count(*) AS n FROM audit_logs WHERE new_state = 'PROCESSING'"
    assert plane.rows(claims) == [{"n": len(jobs)}]


@pytest.mark.parametrize("forgetful", [False, True], ids=["cache", "no cache"])
def test_a_batch_delivered_twice_runs_once(plane: Plane, receiver: WebhookReceiver, forgetful: bool) -> None:
    jobs = webhook_jobs(plane, receiver, 5)
    records = plane.records()
    for _ in range(3):
        plane.deliver("process", records)
        if forgetful:
            forget_what_is_done(plane)
    assert_each_ran_once(plane, receiver, jobs)


def test_a_record_that_stands_twice_in_a_batch_runs_once(plane: Plane, receiver: WebhookReceiver) -> None:
    jobs = webhook_jobs(plane, receiver, 3)
    records = plane.records()
    plane.deliver("process", [*records, *reversed(records), *records])
    assert_each_ran_once(plane, receiver, jobs)


def test_two_processors_with_the_same_batch_at_the_same_time_run_each_attempt_once(
    plane: Plane, receiver: WebhookReceiver, parts: Parts
) -> None:
    jobs = webhook_jobs(plane, receiver, 100)
    records = plane.records()
    processors = [parts.processor() for _ in range(2)]
    for start in range(0, 100, 5):
        batch = records[start : start + 5]
        assert at_once(*(partial(process, batch) for process in processors)) == [None, None]
    assert_each_ran_once(plane, receiver, jobs)


def test_overlapping_batches_in_opposite_order_neither_deadlock_nor_run_twice(
    plane: Plane, receiver: WebhookReceiver, parts: Parts
) -> None:
    jobs = webhook_jobs(plane, receiver, 90)
    records = plane.records()
    processors = [parts.processor() for _ in range(3)]
    for start in range(0, 90, 15):
        batch: list[Any] = records[start : start + 15]
        overlapping = (batch[:10], batch[:4:-1], batch[::2] + batch[1::2])
        assert at_once(*(partial(p, b) for p, b in zip(processors, overlapping, strict=True))) == [None] * 3
    assert_each_ran_once(plane, receiver, jobs)


def test_retries_interleave_without_running_twice(plane: Plane, receiver: WebhookReceiver, parts: Parts) -> None:
    receiver.otherwise = Answer(status=503)
    jobs = webhook_jobs(plane, receiver, 6)
    first, second = parts.processor(), parts.processor()
    seen: list[Any] = []
    for _ in range(4):
        seen += plane.records()
        # One gets everything ever sent, the other only what is new and again what is old.
        assert at_once(partial(first, seen), partial(second, seen[::-1])) == [None, None]
        plane.make_due()
        plane.look()
    assert plane.statuses() == {"FAILED": len(jobs)}
    assert deliveries(receiver) == Counter({f"{job}-0-{attempt}": 1 for job in jobs for attempt in (1, 2, 3, 4)})


def test_three_processes_with_the_same_batch_run_each_attempt_once(
    plane: Plane, receiver: WebhookReceiver, workers: Workers
) -> None:
    jobs = webhook_jobs(plane, receiver, 60)
    event = msk_event(plane.records())
    started = [workers.start("process", event) for _ in range(3)]
    assert [worker.wait() for worker in started] == [0, 0, 0]
    assert_each_ran_once(plane, receiver, jobs)


def test_a_late_duplicate_of_a_failed_attempt_does_not_run_the_next_one_early(plane: Plane) -> None:
    job = plane.simulate(plane.admin_token, failTimes=1)
    created = plane.records()
    plane.deliver("process", created)
    forget_what_is_done(plane)
    plane.deliver("process", created)
    row = plane.job(job)
    assert (row["status"], row["attempt"]) == ("PENDING", 1)
    assert [state for _, _, state in plane.steps(job)] == ["PENDING", "PROCESSING", "PENDING"], (
        "nor the first one again"
    )


def test_both_consumers_may_see_the_records_in_any_order(plane: Plane) -> None:
    jobs = plane.submit_many(plane.admin_token, 4)
    created = plane.records()
    plane.deliver("classify", created)
    classified = plane.records()
    plane.deliver("process", [*classified, *created])
    plane.deliver("classify", created)
    plane.deliver("process", [*created, *classified])
    assert plane.statuses() == {"COMPLETED": 4}
    for job in jobs:
        assert [step[0] for step in plane.steps(job)].count("JOB_CLASSIFIED") == 1
        assert plane.job(job)["attempt"] == 1


def test_an_event_that_came_before_the_classification_may_still_run_the_job_when_it_comes_again(plane: Plane) -> None:
    """The cache must not know an event as done with that may have work to do: JOB_CLASSIFIED may be lost."""
    job = plane.submit(plane.admin_token)["jobId"]
    created = plane.records()
    plane.deliver("process", created)
    assert plane.job(job)["status"] == "PENDING"
    plane.deliver("classify", created)
    plane.deliver("process", created)
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("COMPLETED", 1)
    plane.drive()
    assert plane.job(job)["attempt"] == 1
