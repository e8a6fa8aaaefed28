"""One batch of records, in a constant number of round trips: read, deduplicate, claim, run, finish, publish.

A job's failure is a row that moves. Only trouble with the database or the broker makes records come again: those that
are not taken care of, or the whole batch by raising where the event source knows nothing smaller.
"""

import logging
import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from functions.process.deduplication import Deduplication
from functions.process.execution import Executor, Outcome
from functions.process.lease import Heartbeat
from functions.process.reading import Poison, read_batch
from functions.process.settings import Settings
from smartqueue.broker import Broker
from smartqueue.database import Row
from smartqueue.errors import PublishError, RetryableError
from smartqueue.ids import new_id
from smartqueue.job_types import RunningJob
from smartqueue.jobs import Actor, Job, Move, Status
from smartqueue.logs import job_fields
from smartqueue.metrics import Counter, Meter
from smartqueue.outcomes import complete, fail
from smartqueue.partial_batches import Position
from smartqueue.store.attempts import AttemptStore, Claims
from smartqueue.store.jobs import JobStore
from smartqueue.store.outbox import Outbox

ACTOR = Actor(username="system:process")
# What the last steps of a batch need of the invocation's time: one transaction, one publish, one pipeline.
RESERVED_SECONDS = 6.0

log = logging.getLogger(__name__)


class BatchProcessor:
    """The processor; its parts are made once per execution environment."""

    def __init__(
        self,
        *,
        attempts: AttemptStore,
        jobs: JobStore,
        outbox: Outbox,
        broker: Broker,
        deduplication: Deduplication,
        executor: Executor,
        settings: Settings,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._attempts = attempts
        self._jobs = jobs
        self._outbox = outbox
        self._broker = broker
        self._deduplication = deduplication
        self._executor = executor
        self._settings = settings
        self._chance = chance

    def process(self, msk_event: Mapping[str, Any], meter: Meter, *, remaining_seconds: float) -> set[Position]:
        """Run the attempts that a batch asks for. Returns the records that must be delivered again.

        If the event source cannot do that, raises psycopg.Error or PublishError: then the whole batch must. Either way
        what was done stays done. A record that comes again may come after later ones of its job, since nothing relies
        on their order: the claim takes an attempt only if it is the next one.
        """
        reading = read_batch(msk_event)
        asked = reading.asked
        events = self._deduplication.drop_done(asked)
        lease_token = new_id()
        claims = Claims(rows=[], unknown=set())
        failed: set[Position] = set()
        with self._leaving(failed, reading.positions_of(events)):
            if events:
                claims = self._attempts.claim(
                    events,
                    lease_token=lease_token,
                    lease_seconds=self._settings.lease_seconds,
                    username=ACTOR.username,
                )
            meter.count(Counter.ATTEMPTS, len(claims.rows))
            reading.add_unknown_jobs(claims.unknown)
            # A job that waits for its classification is asked for again by the JOB_CLASSIFIED event: no duplicate.
            wanted = len(claims.rows) + len(claims.unknown) + len(claims.unclassified)
            meter.count(Counter.DUPLICATE_EVENTS, len(asked) - wanted)
        ours = {str(row["job_id"]) for row in claims.rows}
        with self._leaving(failed, reading.positions_of([event for event in events if event.job_id in ours])):
            self._run(claims.rows, lease_token, meter, budget_seconds=remaining_seconds - RESERVED_SECONDS)
        # After the jobs: it raises when the broker is away, and what is claimed must not lose its attempt by that.
        failed |= self._publish_poison(reading.poison, meter)
        # Whatever was not ours to run is done with too: the claim said no, and would say no again. Not so of a job that
        # waits for its classification: the same event may run it later.
        left = reading.events_at(failed) | {
            event.idempotency_key for event in events if (event.job_id, event.tenant_id) in claims.unclassified
        }
        self._deduplication.mark_done([event for event in events if event.idempotency_key not in left])
        return failed

    @contextmanager
    def _leaving(self, failed: set[Position], positions: Collection[Position]) -> Iterator[None]:
        """Leave the records at `positions` for another delivery if the database fails inside, or let it raise."""
        try:
            yield
        except psycopg.Error as error:
            if not self._settings.report_batch_item_failures:
                raise
            log.error(  # noqa: TRY400 - the trace of a database that is away tells nothing more
                "records are left for another delivery",
                extra={"records": len(positions), "error": type(error).__name__, "sqlstate": error.sqlstate},
            )
            failed.update(positions)

    def _run(self, rows: Sequence[Row], lease_token: str, meter: Meter, *, budget_seconds: float) -> None:
        if not rows:
            return
        jobs = [Job.from_row(row) for row in rows]
        for job in jobs:
            log.debug("attempt started", extra={**_fields(job), "attempt": job.attempt, "type": job.type})
        with Heartbeat(
            self._attempts,
            [job.job_id for job in jobs],
            lease_token=lease_token,
            lease_seconds=self._settings.lease_seconds,
            heartbeat_seconds=self._settings.heartbeat_seconds,
        ):
            outcomes = self._executor.run_all(
                [_running(job, row) for job, row in zip(jobs, rows, strict=True)], budget_seconds=budget_seconds
            )
        moves = [self._decide(job, outcome) for job, outcome in zip(jobs, outcomes, strict=True)]
        moved = self._jobs.move(moves)
        for move, outcome in zip(moves, outcomes, strict=True):
            _tell(move, outcome, meter, moved=move.job.job_id in moved)
        self._outbox.publish_now([m for move in moves if move.job.job_id in moved for m in move.messages])

    def _decide(self, job: Job, outcome: Outcome) -> Move:
        if outcome.error is None:
            return complete(job, outcome.result or {}, ACTOR, duration_seconds=outcome.duration_seconds)
        retryable = isinstance(outcome.error, RetryableError)
        return fail(
            job,
            str(outcome.error),
            ACTOR,
            jitter=self._settings.retry_jitter,
            chance=self._chance(),
            retryable=retryable,
            retry_after_seconds=getattr(outcome.error, "retry_after_seconds", None),
        )

    def _publish_poison(self, poison: Sequence[Poison], meter: Meter) -> set[Position]:
        if not poison:
            return set()
        published = set(self._broker.publish([one.letter for one in poison]))
        meter.count(Counter.POISON_RECORDS, len(published))
        left = {one.record.position for one in poison if one.letter.id not in published}
        if left and not self._settings.report_batch_item_failures:
            raise PublishError(f"{len(left)} poison records did not reach the dead-letter topic")
        if left:
            log.error("poison records are left for another delivery", extra={"records": len(left)})
        for one in poison:
            if one.letter.id in published:
                extra = {"correlation_id": one.letter.correlation_id, "record": one.letter.key}
                log.error("poison record", extra=extra)
        return left


def _running(job: Job, row: Row) -> RunningJob:
    return RunningJob(
        job_id=job.job_id,
        tenant_id=job.tenant_id,
        type=job.type,
        title=job.title,
        description=job.description,
        payload=job.payload,
        attempt=job.attempt,
        replay_count=job.replay_count,
        correlation_id=job.correlation_id,
        effect_key=f"{job.job_id}-{job.replay_count}-{job.attempt}",
        timeout_seconds=job.timeout_seconds,
        webhook_url=row["webhook_url"],
        webhook_key_version=row["webhook_key_version"],
        category=job.category,
        priority=job.priority,
        confidence_score=job.confidence_score,
        recommended_action=job.recommended_action,
    )


def _tell(move: Move, outcome: Outcome, meter: Meter, *, moved: bool) -> None:
    job = move.job
    extra = {
        **_fields(job),
        "type": job.type,
        "attempt": job.attempt,
        "duration_seconds": round(outcome.duration_seconds, 3),
    }
    if not moved:
        # Somebody rescued the job meanwhile: its outcome is theirs to write.
        log.warning("lease was lost, outcome not written", extra=extra)
        return
    meter.observe_duration(outcome.duration_seconds)
    if move.to is Status.COMPLETED:
        meter.count(Counter.JOBS_COMPLETED)
        log.info("job completed", extra=extra)
        return
    extra["reason"] = move.last_error
    if move.to is Status.PENDING:
        meter.count(Counter.JOBS_RETRIED)
        log.warning("attempt failed, will be retried", extra={**extra, "delay_seconds": round(move.delay_seconds, 3)})
        return
    meter.count(Counter.JOBS_FAILED)
    meter.count(Counter.JOBS_SENT_TO_DLQ)
    log.error("job failed, sent to the dead-letter topic", extra=extra)


def _fields(job: Job) -> dict[str, Any]:
    return job_fields(job.job_id, job.tenant_id, job.correlation_id)
