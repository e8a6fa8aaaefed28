"""What becomes of a job when an attempt ends: the one place that decides, for the processor and the relay alike."""

from datetime import UTC, datetime
from typing import Any

from smartqueue.events import (
    JOB_DLQ,
    JOB_RESULTS,
    DeadLetter,
    EventType,
    JobEvent,
    Message,
    event_message,
)
from smartqueue.ids import new_id
from smartqueue.jobs import Action, Actor, Job, Move, Status
from smartqueue.retry import next_delay

MAX_ERROR_LENGTH = 1000
MAX_RETRY_AFTER_SECONDS = 300.0


def job_event(
    event_type: EventType,
    job: Job,
    *,
    attempt: int,
    status: Status,
    replay_count: int | None = None,
    result: dict[str, Any] | None = None,
    failure_reason: str | None = None,
    with_text: bool = False,
) -> JobEvent:
    """Build an event of a job; `with_text` adds title and description for the classifier."""
    return JobEvent(
        event_type=event_type,
        job_id=job.job_id,
        tenant_id=job.tenant_id,
        attempt=attempt,
        replay_count=job.replay_count if replay_count is None else replay_count,
        status=status,
        correlation_id=job.correlation_id,
        type=job.type,
        title=job.title if with_text else None,
        description=job.description if with_text else None,
        result=result,
        failure_reason=failure_reason,
    )


def complete(job: Job, result: dict[str, Any], actor: Actor, *, duration_seconds: float) -> Move:
    """The attempt succeeded."""
    done = job_event(EventType.JOB_COMPLETED, job, attempt=job.attempt, status=Status.COMPLETED, result=result)
    return Move(
        job=job,
        to=Status.COMPLETED,
        action=Action.JOB_STATUS_CHANGED,
        actor=actor,
        details=f"attempt {job.attempt} succeeded",
        attributes={"attempt": job.attempt, "durationSeconds": round(duration_seconds, 3)},
        result=result,
        messages=(event_message(done, topic=JOB_RESULTS),),
    )


def fail(
    job: Job,
    reason: str,
    actor: Actor,
    *,
    jitter: float,
    chance: float,
    retryable: bool = True,
    retry_after_seconds: float | None = None,
    action: Action = Action.JOB_RETRY,
) -> Move:
    """The attempt failed: another one is due later, or the job is dead.

    retry_after_seconds: the other side's wish, honoured up to five minutes when it is longer than the back-off.
    """
    # What PostgreSQL cannot keep would cost the whole batch its outcomes.
    reason = reason.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")[:MAX_ERROR_LENGTH]
    if retryable and job.attempt <= job.max_retries:
        delay = next_delay(attempt=job.attempt, base_seconds=job.retry_base_seconds, jitter=jitter, chance=chance)
        delay = max(delay, min(retry_after_seconds or 0.0, MAX_RETRY_AFTER_SECONDS))
        return _retry(job, reason, actor, delay_seconds=delay, action=action)
    return _bury(job, reason, actor, retryable=retryable)


def _retry(job: Job, reason: str, actor: Actor, *, delay_seconds: float, action: Action) -> Move:
    again = job_event(EventType.JOB_RETRY, job, attempt=job.attempt + 1, status=Status.PENDING)
    return Move(
        job=job,
        to=Status.PENDING,
        action=action,
        actor=actor,
        details=f"attempt {job.attempt} failed: {reason}",
        attributes={"attempt": job.attempt, "nextAttempt": job.attempt + 1, "delaySeconds": round(delay_seconds, 3)},
        last_error=reason,
        delay_seconds=delay_seconds,
        messages=(event_message(again, due_in_seconds=delay_seconds),),
    )


def _bury(job: Job, reason: str, actor: Actor, *, retryable: bool) -> Move:
    letter = DeadLetter(
        job_id=job.job_id,
        tenant_id=job.tenant_id,
        type=job.type,
        title=job.title,
        description=job.description,
        payload=job.payload,
        failure_reason=reason,
        retry_count=max(job.attempt - 1, 0),
        attempts=job.attempt,
        failed_at=datetime.now(UTC),
        original_event_type=EventType.JOB_REPLAYED if job.replay_count else EventType.JOB_CREATED,
        correlation_id=job.correlation_id,
    )
    failed = job_event(EventType.JOB_FAILED, job, attempt=job.attempt, status=Status.FAILED, failure_reason=reason)
    dead = Message(
        id=new_id(),
        topic=JOB_DLQ,
        key=job.job_id,
        value=letter.to_json(),
        correlation_id=job.correlation_id,
        tenant_id=job.tenant_id,
    )
    why = f"attempt {job.attempt} was the last" if retryable else "it cannot succeed by trying again"
    return Move(
        job=job,
        to=Status.FAILED,
        action=Action.JOB_SENT_TO_DLQ,
        actor=actor,
        details=f"{reason} ({why})",
        attributes={"attempt": job.attempt, "retryable": retryable},
        last_error=reason,
        messages=(dead, event_message(failed, topic=JOB_RESULTS)),
    )
