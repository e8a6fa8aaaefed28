"""What is told of a job, short enough to compare: one message of the outbox or of Kafka, by what it says."""

import json
from typing import Any, NamedTuple, Protocol


class Told(NamedTuple):
    """One message. kind: its event type, or DEAD_LETTER for what goes to `job-dlq`."""

    kind: str
    job_id: str
    replays: int
    attempt: int


class Subject(Protocol):
    """What a message needs to know of its job."""

    job_id: str
    status: str
    attempt: int
    replays: int


def created(job: Subject) -> Told:
    """A new job, or one that starts anew."""
    return Told("JOB_REPLAYED" if job.replays else "JOB_CREATED", job.job_id, job.replays, job.attempt + 1)


def classified(job: Subject) -> Told:
    """A ticket has its verdict."""
    return Told("JOB_CLASSIFIED", job.job_id, job.replays, job.attempt + 1)


def retry(job: Subject) -> Told:
    """The next attempt."""
    return Told("JOB_RETRY", job.job_id, job.replays, job.attempt + 1)


def ended(job: Subject) -> Told:
    """How a job ended."""
    return Told(f"JOB_{job.status}", job.job_id, job.replays, job.attempt)


def read(value: str, *, replays: int) -> Told:
    """Read a message's value. replays: how often its job was replayed, which a dead letter does not say."""
    body: dict[str, Any] = json.loads(value)
    if "originalEventType" in body:
        return Told("DEAD_LETTER", body["jobId"], replays, body["attempts"])
    return Told(body["eventType"], body["jobId"], body["replayCount"], body["attempt"])
