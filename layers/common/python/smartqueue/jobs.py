"""The life of a job: its states, the moves between them, and how it looks to the store and to the API."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from pydantic import Field

from smartqueue.database import Row
from smartqueue.errors import SmartQueueError
from smartqueue.events import Message
from smartqueue.models import ApiModel


class Status(StrEnum):
    """The states, by the words that the database and the API use."""

    PENDING = "PENDING"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class Action(StrEnum):
    """What an audit row says was done."""

    JOB_CREATED = "JOB_CREATED"
    JOB_STATUS_CHANGED = "JOB_STATUS_CHANGED"
    JOB_CLASSIFIED = "JOB_CLASSIFIED"
    JOB_RETRY = "JOB_RETRY"
    JOB_LEASE_EXPIRED = "JOB_LEASE_EXPIRED"
    JOB_SENT_TO_DLQ = "JOB_SENT_TO_DLQ"
    JOB_REPLAYED = "JOB_REPLAYED"
    JOB_DISCARDED = "JOB_DISCARDED"
    JOB_CANCELLED = "JOB_CANCELLED"
    JOB_REMOVED = "JOB_REMOVED"
    USER_REGISTERED = "USER_REGISTERED"
    WEBHOOK_CHANGED = "WEBHOOK_CHANGED"


TRANSITIONS: frozenset[tuple[Status, Status]] = frozenset(
    {
        (Status.PENDING, Status.PROCESSING),
        (Status.PENDING, Status.CANCELLED),
        (Status.PROCESSING, Status.COMPLETED),
        (Status.PROCESSING, Status.FAILED),
        (Status.PROCESSING, Status.PENDING),
        (Status.FAILED, Status.PENDING),
    }
)
TERMINAL = frozenset({Status.COMPLETED, Status.FAILED, Status.CANCELLED})


class IllegalTransitionError(SmartQueueError):
    """The code asked for a move that the table does not have."""


def check_transition(source: Status, target: Status) -> None:
    """Raise IllegalTransitionError unless a job may go from `source` to `target`."""
    if (source, target) not in TRANSITIONS:
        raise IllegalTransitionError(f"a job cannot go from {source} to {target}")


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who does something: a user of the tenant, or a part of this service."""

    username: str
    user_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Job:
    """What moving a job needs to know of it."""

    job_id: str
    tenant_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    status: Status
    version: int
    attempt: int
    replay_count: int
    max_retries: int
    retry_base_seconds: float
    timeout_seconds: float
    category: str | None
    priority: str | None
    confidence_score: float | None
    recommended_action: str | None
    correlation_id: str
    lease_token: str | None
    discarded_at: datetime | None

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `jobs`."""
        lease_token = row["lease_token"]
        return cls(
            **{name: row[name] for name in _PLAIN_COLUMNS},
            job_id=str(row["job_id"]),
            status=Status(row["status"]),
            lease_token=None if lease_token is None else str(lease_token),
        )


_PLAIN_COLUMNS = tuple(n for n in Job.__dataclass_fields__ if n not in {"job_id", "status", "lease_token"})


@dataclass(frozen=True, kw_only=True)
class Move:
    """One transition of one job with all that must become true together with it.

    attempt, replay_count: new values, or None to leave them. delay_seconds: until the next attempt is due.
    """

    job: Job
    to: Status
    action: Action
    actor: Actor
    details: str
    attributes: dict[str, Any] = field(default_factory=dict)
    attempt: int | None = None
    replay_count: int | None = None
    result: dict[str, Any] | None = None
    last_error: str | None = None
    delay_seconds: float = 0.0
    messages: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what the table of transitions does not have."""
        check_transition(self.job.status, self.to)


class JobView(ApiModel):
    """A job as the API shows it. retryCount: attempts after the first; nextAttemptAt: when a retry is due."""

    job_id: str
    tenant_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    status: Status
    attempts: int
    retry_count: int
    replay_count: int
    max_retries: int
    category: str | None
    priority: str | None
    confidence_score: float | None
    classification_source: str | None
    classification_cached: bool | None
    recommended_action: str | None
    result: dict[str, Any] | None
    last_error: str | None
    correlation_id: str
    created_by: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    next_attempt_at: datetime | None
    discarded_at: datetime | None
    version: int = Field(description="Grows with every change of state.")

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `jobs`."""
        attempt = row["attempt"]
        changed = {
            "job_id": str(row["job_id"]),
            "created_by": str(row["created_by"]),
            "attempts": attempt,
            "retry_count": max(attempt - 1, 0),
        }
        return cls.model_validate({**row, **changed})
