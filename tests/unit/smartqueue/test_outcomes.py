"""What becomes of a job when an attempt ends."""

import json
from typing import Any

import pytest

from smartqueue.events import JOB_DLQ, JOB_EVENTS, JOB_RESULTS, Message
from smartqueue.jobs import Action, IllegalTransitionError, Move, Status
from smartqueue.outcomes import MAX_ERROR_LENGTH, complete, fail
from tests.unit.smartqueue.sample_jobs import ACTOR, make_job


def failed(reason: str = "it broke", *, job: dict[str, Any] | None = None, **how: Any) -> Move:
    return fail(make_job(**(job or {})), reason, ACTOR, jitter=0, chance=0, **how)


def topics(move: Move) -> list[str]:
    return [message.topic for message in move.messages]


def body(message: Message) -> dict[str, Any]:
    decoded: dict[str, Any] = json.loads(message.value)
    return decoded


def test_success_completes_and_tells_the_result() -> None:
    job = make_job(attempt=2)
    move = complete(job, {"answer": 42}, ACTOR, duration_seconds=1.23456)
    assert (move.to, move.result, move.last_error) == (Status.COMPLETED, {"answer": 42}, None)
    assert move.attributes == {"attempt": 2, "durationSeconds": 1.235}
    [message] = move.messages
    assert (message.topic, message.key, message.due_in_seconds) == (JOB_RESULTS, job.job_id, 0)
    assert body(message)["result"] == {"answer": 42}
    assert body(message)["attempt"] == 2


@pytest.mark.parametrize(("attempt", "delay"), [(1, 2), (2, 4), (3, 8)])
def test_a_failure_with_retries_left_asks_for_the_next_attempt_later(attempt: int, delay: float) -> None:
    move = failed(job={"attempt": attempt})
    assert (move.to, move.action, move.delay_seconds) == (Status.PENDING, Action.JOB_RETRY, delay)
    assert move.last_error == "it broke"
    [message] = move.messages
    assert (message.topic, message.due_in_seconds) == (JOB_EVENTS, delay)
    assert (body(message)["eventType"], body(message)["attempt"]) == ("JOB_RETRY", attempt + 1)


@pytest.mark.parametrize(
    ("attempt", "max_retries", "retryable", "dead"),
    [
        (1, 0, True, True),
        (1, 1, True, False),
        (2, 1, True, True),
        (3, 3, True, False),
        (4, 3, True, True),
        (1, 3, False, True),
    ],
)
def test_a_job_is_dead_after_its_last_retry_or_a_permanent_failure(
    attempt: int, max_retries: int, retryable: bool, dead: bool
) -> None:
    move = failed(job={"attempt": attempt, "max_retries": max_retries}, retryable=retryable)
    assert move.to is (Status.FAILED if dead else Status.PENDING)
    assert topics(move) == ([JOB_DLQ, JOB_RESULTS] if dead else [JOB_EVENTS])


def test_the_dead_letter_tells_the_whole_job() -> None:
    job = make_job(attempt=4, replay_count=1)
    move = fail(job, "it broke", ACTOR, jitter=0, chance=0)
    letter = body(move.messages[0])
    assert letter.pop("failedAt")
    assert letter == {
        "jobId": job.job_id,
        "tenantId": "tenant-a",
        "type": "simulate",
        "title": "a title",
        "description": "a description",
        "payload": {"durationSeconds": 0},
        "failureReason": "it broke",
        "retryCount": 3,
        "attempts": 4,
        "originalEventType": "JOB_REPLAYED",
        "correlationId": "corr-1",
    }


@pytest.mark.parametrize(("wish", "delay"), [(None, 2), (0.5, 2), (10, 10), (100_000, 300)])
def test_the_other_sides_wish_is_honoured_when_longer_and_up_to_five_minutes(wish: float | None, delay: float) -> None:
    assert failed(retry_after_seconds=wish).delay_seconds == delay


def test_a_job_may_bring_its_own_base() -> None:
    assert failed(job={"retry_base_seconds": 0.1, "attempt": 2}).delay_seconds == pytest.approx(0.2)


def test_an_endless_reason_is_cut() -> None:
    move = failed("x" * 5000)
    assert move.last_error == "x" * MAX_ERROR_LENGTH


@pytest.mark.parametrize("status", [Status.PENDING, Status.COMPLETED, Status.FAILED, Status.CANCELLED])
def test_only_a_running_job_can_end(status: Status) -> None:
    with pytest.raises(IllegalTransitionError):
        complete(make_job(status=status), {}, ACTOR, duration_seconds=0)


def test_a_reason_that_postgres_cannot_keep_is_mended() -> None:
    move = failed("a\0b\ud800c", retryable=False)
    assert move.last_error == "a\N{REPLACEMENT CHARACTER}b?c"
    assert [body(message)["failureReason"] for message in move.messages] == [move.last_error] * 2
