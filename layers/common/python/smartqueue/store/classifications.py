"""The classification columns of jobs, one method per statement of sql/classifications.sql."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smartqueue.database import Database, Row, commit_boundary
from smartqueue.events import Message
from smartqueue.store.jobs import INLINE_GRACE_SECONDS
from smartqueue.store.queries import load


@dataclass(frozen=True, kw_only=True)
class ClassifiedJob:
    """A verdict to write. event: told if the job's type waits for it."""

    job_id: str
    tenant_id: str
    category: str
    priority: str
    confidence_score: float
    source: str
    cached: bool
    recommended_action: str
    details: str
    attributes: dict[str, Any]
    event: Message


class ClassificationStore:
    """Every method is one round trip and raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("classifications")

    def find_unclassified(self, job_ids: Sequence[str]) -> list[Row]:
        """Return those of the jobs that nobody has classified yet."""
        return self._database.query(self._sql["find_unclassified"], {"job_ids": list(job_ids)})

    def write(self, jobs: Sequence[ClassifiedJob], *, username: str) -> dict[str, str | None]:
        """Write verdicts with their audit and outbox rows.

        Returns the jobs written, by id, and the topic of its JOB_CLASSIFIED event for each that waits for one.
        """
        verdicts = [
            {
                **{name: getattr(job, name) for name in ClassifiedJob.__dataclass_fields__ if name != "event"},
                "outbox_id": job.event.id,
                "event": job.event.value,
            }
            for job in jobs
        ]
        parameters = {
            "verdicts": json.dumps(verdicts),
            "username": username,
            "grace_seconds": INLINE_GRACE_SECONDS,
        }
        with commit_boundary("classification"):
            rows = self._database.query(self._sql["write"], parameters)
        return {str(row["job_id"]): row["topic"] for row in rows}
