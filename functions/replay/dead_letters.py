"""Replaying and discarding dead letters, one or many, never twice."""

from dataclasses import dataclass

from smartqueue.errors import ConflictError, NotFoundError
from smartqueue.events import JOB_EVENTS, JOB_EVENTS_BULK, EventType, event_message
from smartqueue.ids import is_id
from smartqueue.jobs import Action, Actor, Job, JobView, Move, Status
from smartqueue.outcomes import job_event
from smartqueue.roles import Principal
from smartqueue.store.jobs import DeadFilters, JobStore, Page
from smartqueue.store.outbox import Outbox


@dataclass(frozen=True)
class Bulk:
    """done, skipped: jobs. more: dead letters match that this call had no room for."""

    done: list[Job]
    skipped: list[Job]
    more: bool


class DeadLetters:
    """The dead letters of the tenant of a verified token."""

    def __init__(self, store: JobStore, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    def replay_one(self, job_id: str, *, caller: Principal, correlation_id: str) -> JobView:
        """Start a failed job anew. Raises NotFoundError, ConflictError (not failed, discarded, replayed already)."""
        row = self._store.find(job_id, tenant_id=caller.tenant_id) if is_id(job_id) else None
        if row is None:
            raise NotFoundError("There is no such job.")
        job = Job.from_row(row)
        if job.status is not Status.FAILED:
            raise ConflictError(f"Only a FAILED job can be replayed; this one is {job.status}.")
        if job.discarded_at is not None:
            raise ConflictError("This job was discarded: submit it again instead.")
        if not self._replay([job], caller, correlation_id):
            raise ConflictError("Somebody else replayed or discarded this job just now.")
        return JobView.from_row(self._store.find(job_id, tenant_id=caller.tenant_id) or row)

    def replay_matching(self, filters: DeadFilters, *, limit: int, caller: Principal, correlation_id: str) -> Bulk:
        """Start all dead letters that match anew, at most `limit`."""
        jobs, more = self._matching(filters, limit, caller)
        # However many calls it takes to replay all, jobs that are fresh do not wait for them.
        done = self._replay(jobs, caller, correlation_id, topic=JOB_EVENTS_BULK)
        return _bulk(jobs, done, more=more)

    def discard_matching(self, filters: DeadFilters, *, limit: int, caller: Principal, correlation_id: str) -> Bulk:
        """Take all dead letters that match off the list, at most `limit`. The jobs stay FAILED, for good."""
        jobs, more = self._matching(filters, limit, caller)
        done = self._store.discard(
            [(job.job_id, job.version) for job in jobs],
            tenant_id=caller.tenant_id,
            user=_actor(caller),
            details="taken off the dead-letter list",
            request_correlation_id=correlation_id,
        )
        return _bulk(jobs, done, more=more)

    def _matching(self, filters: DeadFilters, limit: int, caller: Principal) -> tuple[list[Job], bool]:
        rows = self._store.browse_dead(tenant_id=caller.tenant_id, page=Page(limit=limit + 1), filters=filters)
        return [Job.from_row(row) for row in rows[:limit]], len(rows) > limit

    def _replay(self, jobs: list[Job], caller: Principal, correlation_id: str, *, topic: str = JOB_EVENTS) -> set[str]:
        moves = [_replay(job, caller, correlation_id, topic) for job in jobs]
        done = self._store.move(moves, tenant_id=caller.tenant_id)
        self._outbox.publish_now(
            [message for move in moves if move.job.job_id in done for message in move.messages],
            tenant_id=caller.tenant_id,
        )
        return done


def _replay(job: Job, caller: Principal, correlation_id: str, topic: str) -> Move:
    count = job.replay_count + 1
    event = job_event(EventType.JOB_REPLAYED, job, attempt=1, status=Status.PENDING, replay_count=count, with_text=True)
    return Move(
        job=job,
        to=Status.PENDING,
        action=Action.JOB_REPLAYED,
        actor=_actor(caller),
        details=f"replay {count}",
        attributes={"replayCount": count, "requestCorrelationId": correlation_id, "attemptsUsed": job.attempt},
        attempt=0,
        replay_count=count,
        messages=(event_message(event, topic=topic),),
    )


def _actor(caller: Principal) -> Actor:
    return Actor(username=caller.username, user_id=caller.user_id)


def _bulk(jobs: list[Job], done: set[str], *, more: bool) -> Bulk:
    return Bulk([j for j in jobs if j.job_id in done], [j for j in jobs if j.job_id not in done], more)
