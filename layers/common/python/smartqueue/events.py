"""What travels through Kafka: the versioned event envelope, the dead letter and the message around them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints

from smartqueue.ids import new_id
from smartqueue.models import WireModel

JOB_EVENTS = "job-events"
# The same for tenants with many unfinished jobs; which of the two, the database says when it writes the outbox row.
JOB_EVENTS_BULK = "job-events-bulk"
JOB_RESULTS = "job-results"
JOB_DLQ = "job-dlq"
SCHEMA_VERSION: Final = 1
CORRELATION_HEADER = "correlation_id"
# What Postgres takes as an integer.
MAX_INTEGER = 2**31 - 1
# In lower case, as Postgres gives ids back.
JobId = Annotated[
    str, StringConstraints(to_lower=True, pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")
]


class EventType(StrEnum):
    """Every event; the first four ask for an attempt, the others tell how a job ended."""

    JOB_CREATED = "JOB_CREATED"
    JOB_CLASSIFIED = "JOB_CLASSIFIED"
    JOB_RETRY = "JOB_RETRY"
    JOB_REPLAYED = "JOB_REPLAYED"
    JOB_COMPLETED = "JOB_COMPLETED"
    JOB_FAILED = "JOB_FAILED"
    JOB_CANCELLED = "JOB_CANCELLED"


RUN_EVENTS = frozenset({EventType.JOB_CREATED, EventType.JOB_CLASSIFIED, EventType.JOB_RETRY, EventType.JOB_REPLAYED})


class JobEvent(WireModel):
    """One event of one job. attempt: the attempt it asks for, or the last one made; replay_count tells runs apart."""

    event_id: str = Field(default_factory=new_id)
    event_type: EventType
    schema_version: Literal[1] = SCHEMA_VERSION
    job_id: JobId
    tenant_id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
    attempt: Annotated[int, Field(ge=0, le=1000)]
    replay_count: Annotated[int, Field(ge=0, le=MAX_INTEGER)] = 0
    status: str
    correlation_id: Annotated[str, Field(min_length=1, max_length=128)]
    occurred_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    type: str | None = None
    title: str | None = None
    description: str | None = None
    result: dict[str, Any] | None = None
    failure_reason: str | None = None

    @cached_property
    def idempotency_key(self) -> str:
        """The cache key under which a delivery of this event is known to be done with.

        It holds the tenant, so that an event with a wrong one cannot make the right one look like a duplicate.
        """
        return f"{{{self.job_id}}}:{self.tenant_id}:{self.event_type}:{self.replay_count}:{self.attempt}"


class DeadLetter(WireModel):
    """A job that used up its attempts, as job-dlq carries it."""

    job_id: str
    tenant_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    failure_reason: str
    retry_count: int
    attempts: int
    failed_at: datetime
    original_event_type: EventType
    correlation_id: str


class PoisonRecord(WireModel):
    """A record nobody could read, as job-dlq carries it: its bytes in base64 and where they came from.

    truncated: the bytes are too many for one more message, these are the first of them.
    """

    failure_reason: str
    detail: str
    failed_at: datetime = Field(default_factory=lambda: datetime.now(UTC))
    source_topic: str
    source_partition: int
    source_offset: int
    key_base64: str | None
    value_base64: str | None
    truncated: bool = False
    correlation_id: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """Something to put on a topic. id: its outbox row; due_in_seconds: how long the outbox holds it back."""

    topic: str
    key: str
    value: str
    correlation_id: str
    tenant_id: str
    due_in_seconds: float = 0.0
    id: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """The Kafka headers."""
        return {CORRELATION_HEADER: self.correlation_id}


def event_message(event: JobEvent, *, topic: str = JOB_EVENTS, due_in_seconds: float = 0.0) -> Message:
    """Wrap an event for the outbox."""
    return Message(
        id=new_id(),
        topic=topic,
        key=event.job_id,
        value=event.to_json(),
        correlation_id=event.correlation_id,
        tenant_id=event.tenant_id,
        due_in_seconds=due_in_seconds,
    )
