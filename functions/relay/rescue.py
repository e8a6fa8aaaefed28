"""Jobs that somebody left behind: leases of workers that died, and events that Kafka lost."""

import logging
import random
from collections.abc import Callable

import psycopg

from functions.relay.settings import Settings
from smartqueue.database import Database, Row
from smartqueue.events import EventType, Message, event_message
from smartqueue.failpoints import reach
from smartqueue.jobs import Action, Actor, Job, Status
from smartqueue.logs import job_fields
from smartqueue.metrics import Counter, Meter
from smartqueue.outcomes import fail, job_event
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.jobs import JobStore
from smartqueue.store.outbox import Outbox

ACTOR = Actor(username="system:relay")
BATCH = 100

log = logging.getLogger(__name__)


class Rescue:
    """Puts them back on the road, by the same rules as any other failure."""

    def __init__(
        self,
        database: Database,
        outbox: Outbox,
        settings: Settings,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._database = database
        self._attempts = AttemptStore(database)
        self._jobs = JobStore(database)
        self._outbox = outbox
        self._settings = settings
        self._chance = chance

    def rescue_expired(self, meter: Meter) -> int:
        """Count the attempt of every worker that fell silent as failed; return how many there were."""
        rows = self._attempts.find_expired(limit=BATCH)
        moves = [
            fail(
                Job.from_row(row),
                "the worker stopped without a word: its lease expired",
                ACTOR,
                jitter=self._settings.retry_jitter,
                chance=self._chance(),
                action=Action.JOB_LEASE_EXPIRED,
            )
            for row in rows
        ]
        moved = self._jobs.move(moves)
        for move in moves:
            job = move.job
            if job.job_id not in moved:
                continue
            log.warning(
                "expired lease rescued",
                extra={**job_fields(job.job_id, job.tenant_id, job.correlation_id), "attempt": job.attempt},
            )
            if move.to is Status.FAILED:
                meter.count(Counter.JOBS_FAILED)
                meter.count(Counter.JOBS_SENT_TO_DLQ)
            else:
                meter.count(Counter.JOBS_RETRIED)
        meter.count(Counter.LEASES_EXPIRED, len(moved))
        meter.count(Counter.JOBS_RESCUED, len(moved))
        return len(moved)

    def rescue_stranded(self, meter: Meter) -> int:
        """Write the lost events of forgotten jobs anew; return how many there were."""
        with self._database.transaction() as connection:
            rows = self._attempts.find_stranded(stranded_seconds=self._settings.rescue_stranded_seconds, limit=BATCH)
            if rows:
                insert = self._outbox.insert_statement([_lost_event(row) for row in rows])
                connection.execute(insert.sql, insert.parameters)
                reach("rescue-stranded.before", psycopg.OperationalError)
        if rows:
            reach("rescue-stranded.after", psycopg.OperationalError)
        for row in rows:
            log.warning(
                "stranded job rescued",
                extra=job_fields(str(row["job_id"]), row["tenant_id"], row["correlation_id"]),
            )
        meter.count(Counter.JOBS_RESCUED, len(rows))
        return len(rows)


def _lost_event(row: Row) -> Message:
    job = Job.from_row(row)
    event_type = EventType.JOB_RETRY
    if job.category is None:
        # The classifier has not seen it either.
        event_type = EventType.JOB_REPLAYED if job.replay_count else EventType.JOB_CREATED
    return event_message(job_event(event_type, job, attempt=job.attempt + 1, status=Status.PENDING, with_text=True))
