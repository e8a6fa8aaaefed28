"""Cancelling a job that has not started."""

from smartqueue.errors import ConflictError, NotFoundError
from smartqueue.events import JOB_RESULTS, EventType, event_message
from smartqueue.ids import is_id
from smartqueue.jobs import Action, Actor, Job, JobView, Move, Status
from smartqueue.outcomes import job_event
from smartqueue.roles import Principal
from smartqueue.store.jobs import JobStore
from smartqueue.store.outbox import Outbox

# Between reading a job and moving it, a worker may start or retry it: look again, but not for ever.
TRIES = 5


class Cancellation:
    """Cancels jobs of the tenant of a verified token."""

    def __init__(self, store: JobStore, outbox: Outbox) -> None:
        self._store = store
        self._outbox = outbox

    def cancel(self, job_id: str, *, caller: Principal, correlation_id: str) -> JobView:
        """Move a pending job to CANCELLED. Raises NotFoundError, ConflictError (started or ended already)."""
        for _ in range(TRIES):
            row = self._store.find(job_id, tenant_id=caller.tenant_id) if is_id(job_id) else None
            if row is None:
                raise NotFoundError("There is no such job.")
            job = Job.from_row(row)
            if job.status is not Status.PENDING:
                raise ConflictError(f"Only a PENDING job can be cancelled; this one is {job.status}.")
            move = _cancel(job, caller, correlation_id)
            if self._store.move([move], tenant_id=caller.tenant_id):
                self._outbox.publish_now(move.messages, tenant_id=caller.tenant_id)
                cancelled = self._store.find(job_id, tenant_id=caller.tenant_id)
                return JobView.from_row(cancelled or row)
        raise ConflictError("The job keeps changing: try again.")


def _cancel(job: Job, caller: Principal, correlation_id: str) -> Move:
    told = job_event(EventType.JOB_CANCELLED, job, attempt=job.attempt, status=Status.CANCELLED)
    return Move(
        job=job,
        to=Status.CANCELLED,
        action=Action.JOB_CANCELLED,
        actor=Actor(username=caller.username, user_id=caller.user_id),
        details="cancelled before it ran" if job.attempt == 0 else f"cancelled after attempt {job.attempt}",
        attributes={"requestCorrelationId": correlation_id},
        messages=(event_message(told, topic=JOB_RESULTS),),
    )
