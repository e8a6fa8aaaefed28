"""The bodies that the replay function takes and gives."""

import re
from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, BeforeValidator, Field, StringConstraints

from functions.replay.verification import VerifiedPage
from smartqueue.audit_chain import Base, Kind
from smartqueue.database import Row
from smartqueue.models import ApiModel, Body, Whole
from smartqueue.store.audit import AuditLogView
from smartqueue.store.jobs import DeadFilters
from smartqueue.vocabulary import Category, Priority

MAX_BULK = 100
JobId = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$")]
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _as_written(value: object) -> object:
    """Refuse the numbers that pydantic reads as seconds or milliseconds since 1970, as it thinks best."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        raise ValueError("must be a time with a zone, as in 2026-11-24T03:00:00Z")
    return value


AwareTime = Annotated[
    AwareDatetime,
    BeforeValidator(_as_written, json_schema_input_type=AwareDatetime),
    Field(description="With a time zone, as in 2026-11-24T03:00:00Z."),
]


class DeadLetterView(ApiModel):
    """A job that used up its attempts."""

    job_id: str
    tenant_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    category: str | None
    priority: str | None
    failure_reason: str
    retry_count: int
    attempts: int
    replay_count: int
    failed_at: datetime
    original_event_type: str
    correlation_id: str

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `jobs` whose status is FAILED."""
        return cls.model_validate(
            {
                **row,
                "job_id": str(row["job_id"]),
                "failure_reason": row["last_error"] or "",
                "retry_count": max(row["attempt"] - 1, 0),
                "attempts": row["attempt"],
                "failed_at": row["completed_at"],
                "original_event_type": "JOB_REPLAYED" if row["replay_count"] else "JOB_CREATED",
            }
        )


class DeadLetterPage(ApiModel):
    """Dead letters, the latest failure first."""

    items: list[DeadLetterView]
    next_cursor: str | None


class BulkBody(Body):
    """Which dead letters are meant: all that match every filter given, at most `limit` in one call.

    reason: part of the failure reason, in any case.
    """

    job_ids: Annotated[list[JobId], Field(min_length=1, max_length=MAX_BULK)] | None = None
    type: str | None = None
    category: Category | None = None
    priority: Priority | None = None
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    failed_after: AwareTime | None = None
    failed_before: AwareTime | None = None
    limit: Annotated[Whole, Field(ge=1, le=MAX_BULK)] = MAX_BULK

    def filters(self) -> DeadFilters:
        """Return what the store looks for."""
        return DeadFilters(**self.model_dump(exclude={"limit"}))


class BulkResult(ApiModel):
    """jobIds: what was done. skipped: what somebody else changed meanwhile. more: call again for the rest."""

    count: int
    job_ids: list[str]
    skipped: list[str]
    more: bool


class AuditPage(ApiModel):
    """Audit rows, newest first."""

    items: list[AuditLogView]
    next_cursor: str | None


class AuditProblem(ApiModel):
    """Something wrong with the audit trail: at a position of its chain, with a row, or both."""

    kind: Kind
    position: int | None
    audit_id: str | None
    details: str


class AuditHead(ApiModel):
    """Where the tenant's chain ends: how many links it has, and the hash of the last one, in hexadecimal digits."""

    position: int
    hash: str


class AuditBase(ApiModel):
    """What the trail begins behind: rows up to this position are not kept any more. sealedAt: when it was sealed."""

    position: int
    hash: str
    sealed_at: datetime


class AuditVerification(ApiModel):
    """checked: how many links this page had. problems: what is wrong with it; empty if the trail is whole so far.

    base: where the trail begins; none as long as all its rows are kept.
    """

    checked: int
    problems: list[AuditProblem]
    head: AuditHead
    base: AuditBase | None
    next_cursor: str | None

    @classmethod
    def from_page(cls, page: VerifiedPage) -> Self:
        """Show a page."""
        return cls(
            checked=page.checked,
            problems=[AuditProblem.model_validate(problem) for problem in page.problems],
            head=AuditHead(position=page.head.position, hash=page.head.hash.hex()),
            base=None if page.base is None else _base_view(page.base),
            next_cursor=page.next_cursor,
        )


def _base_view(base: Base) -> AuditBase:
    return AuditBase(position=base.head.position, hash=base.head.hash.hex(), sealed_at=base.sealed_at)


class LedgerView(ApiModel):
    """accepted: jobs that were ever answered with 201, by the audit trail. Then those there are, by status.

    removed: those that ended so long ago that they are not kept any more.

    unaccounted: by how many jobs the audit trail and the table of jobs differ, added up over the statuses. Must be 0.
    """

    accepted: int
    pending: int
    processing: int
    completed: int
    failed: int
    cancelled: int
    removed: int
    unaccounted: int
