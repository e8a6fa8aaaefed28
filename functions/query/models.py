"""The bodies that the query function gives."""

from datetime import datetime
from typing import Any, Self

from smartqueue.database import Row
from smartqueue.jobs import JobView, Status
from smartqueue.models import ApiModel


class JobPage(ApiModel):
    """Jobs, newest first. nextCursor: send it as `cursor` for the next page; null on the last one."""

    items: list[JobView]
    next_cursor: str | None


class Step(ApiModel):
    """One thing that happened to a job: who did what, when, and what state it went from and to."""

    at: datetime
    action: str
    from_state: str | None
    to_state: str | None
    by: str
    details: str
    attributes: dict[str, Any]

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `audit_logs`."""
        return cls(
            at=row["created_at"],
            action=row["action"],
            from_state=row["old_state"],
            to_state=row["new_state"],
            by=row["username"],
            details=row["details"],
            attributes=row["attributes"],
        )


class Timeline(ApiModel):
    """A job's whole story, oldest first. truncated: there is more than one answer can hold."""

    job_id: str
    status: Status
    attempts: int
    correlation_id: str
    next_attempt_at: datetime | None
    steps: list[Step]
    truncated: bool
