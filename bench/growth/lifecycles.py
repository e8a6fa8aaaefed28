"""Jobs on their whole way through the database, by the statements of the functions, one step after the other."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import cycle, islice

from bench.growth.reads import USER, new_job
from bench.growth.sites import Site
from smartqueue.events import EventType, JobEvent, Message, event_message
from smartqueue.ids import new_id
from smartqueue.jobs import Action, Actor, Job, Move, Status
from smartqueue.outcomes import complete, fail, job_event
from smartqueue.store.classifications import ClassifiedJob
from smartqueue.store.jobs import NewJob

PROCESSOR = Actor(username="system:process")
CLASSIFIER = "system:classify"
LEASE_SECONDS = 3600.0

type Timed = Callable[[str, Callable[[], object]], object]
"""Calls and keeps under a name how long that took; gives what the call gives."""


@dataclass(frozen=True)
class Lifecycles:
    """One method per step. timed: see there."""

    site: Site
    timed: Timed

    def insert(self, jobs: Sequence[NewJob]) -> None:
        """Submit jobs of one tenant."""
        tenant = jobs[0].created.tenant_id
        self._timed("insert", jobs, lambda: self.site.jobs.insert(jobs, tenant_id=tenant, user=USER))

    def classify(self, jobs: Sequence[NewJob]) -> list[Message]:
        """Write verdicts; return the events of those that waited."""
        ids = [job.job_id for job in jobs]
        self._timed("unclassified", jobs, lambda: self.site.classifications.find_unclassified(ids))
        verdicts = [_verdict(job) for job in jobs]
        self._timed("classify", jobs, lambda: self.site.classifications.write(verdicts, username=CLASSIFIER))
        return [verdict.event for job, verdict in zip(jobs, verdicts, strict=True) if job.awaits_classification]

    def claim(self, jobs: Sequence[NewJob]) -> list[Job]:
        """Start the first attempts."""
        events = [JobEvent.model_validate_json(job.created.value) for job in jobs]
        token = new_id()
        claims = self._timed(
            "claim",
            jobs,
            lambda: self.site.attempts.claim(
                events, lease_token=token, lease_seconds=LEASE_SECONDS, username=PROCESSOR.username
            ),
        )
        return [Job.from_row(row) for row in claims.rows]  # type: ignore[attr-defined]

    def complete(self, jobs: Sequence[Job]) -> list[Message]:
        """End attempts well; return the messages about it."""
        return self._move(
            "complete", [complete(job, {"durationSeconds": 0}, PROCESSOR, duration_seconds=0.1) for job in jobs]
        )

    def bury(self, jobs: Sequence[Job]) -> list[Job]:
        """End attempts badly, for good; return the dead jobs."""
        moves = [fail(job, "no such host", PROCESSOR, jitter=0, chance=0, retryable=False) for job in jobs]
        self._move("bury", moves)
        return [replace(job, status=Status.FAILED, version=job.version + 1, lease_token=None) for job in jobs]

    def replay(self, jobs: Sequence[Job]) -> None:
        """Start dead jobs of one tenant anew."""
        moves = [_replay(job) for job in jobs]
        self._timed("replay", jobs, lambda: self.site.jobs.move(moves, tenant_id=jobs[0].tenant_id))

    def delete(self, messages: Sequence[Message]) -> None:
        """Delete published messages."""
        ids = [message.id for message in messages]
        self._timed("delete", messages, lambda: self.site.outbox.delete(ids))

    def relay(self, limit: int) -> bool:
        """Let the relay publish what is due; tell whether there was anything."""
        return bool(self.timed(f"relay-{limit}", lambda: self.site.outbox.publish_due(limit=limit)))

    def _move(self, name: str, moves: Sequence[Move]) -> list[Message]:
        self._timed(name, moves, lambda: self.site.moves.move(moves))
        return [message for move in moves for message in move.messages]

    def _timed(self, name: str, things: Sequence[object], call: Callable[[], object]) -> object:
        return self.timed(f"{name}-{len(things)}", call)


def batches_of(tenants: Sequence[str], count: int, size: int, job_type: str) -> list[list[NewJob]]:
    """Return batches of new jobs, each of one tenant, of all tenants in turn."""
    return [[new_job(tenant, job_type=job_type) for _ in range(size)] for tenant in islice(cycle(tenants), count)]


def _verdict(job: NewJob) -> ClassifiedJob:
    created = job.created
    event = JobEvent(
        event_type=EventType.JOB_CLASSIFIED,
        job_id=job.job_id,
        tenant_id=created.tenant_id,
        attempt=1,
        status="PENDING",
        correlation_id=job.correlation_id,
    )
    return ClassifiedJob(
        job_id=job.job_id,
        tenant_id=created.tenant_id,
        category="Database",
        priority="LOW",
        confidence_score=0.9,
        source="AI",
        cached=False,
        recommended_action="Look at the connection pool of the service, then at the database.",
        details="Database, LOW, decided by the model",
        attributes={"source": "AI", "confidenceScore": 0.9, "cached": False, "fallbackReason": None},
        event=event_message(event),
    )


def _replay(job: Job) -> Move:
    event = job_event(
        EventType.JOB_REPLAYED, job, attempt=1, status=Status.PENDING, replay_count=job.replay_count + 1, with_text=True
    )
    return Move(
        job=job,
        to=Status.PENDING,
        action=Action.JOB_REPLAYED,
        actor=USER,
        details="replay",
        attributes={"replayCount": job.replay_count + 1},
        attempt=0,
        replay_count=job.replay_count + 1,
        messages=(event_message(event),),
    )
