"""Attempts as the processor and the relay see them, one method per statement of sql/attempts.sql."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from smartqueue.database import Database, Row, as_ids, commit_boundary
from smartqueue.events import JobEvent
from smartqueue.store.queries import load


@dataclass(frozen=True, kw_only=True)
class Claims:
    """rows: the jobs now ours, with their tenant's webhook columns. unknown: (job, tenant) that do not exist.

    unclassified: (job, tenant) of every event that asked for a job that still waits for the classifier.
    """

    rows: list[Row]
    unknown: set[tuple[str, str]]
    unclassified: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Gauges:
    """How things stand, over all tenants."""

    active_jobs: int
    dead_jobs: int
    outbox_backlog: int
    oldest_pending_seconds: float
    oldest_dead_seconds: float


class AttemptStore:
    """Leases in Postgres. Every method is one round trip and raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("attempts")

    def claim(self, events: Sequence[JobEvent], *, lease_token: str, lease_seconds: float, username: str) -> Claims:
        """Start the attempts that the events ask for, where they are the next ones of pending jobs."""
        asked = [
            {"job_id": e.job_id, "tenant_id": e.tenant_id, "attempt": e.attempt, "replay_count": e.replay_count}
            for e in events
        ]
        parameters = {
            "events": json.dumps(asked),
            "lease_token": lease_token,
            "lease_seconds": lease_seconds,
            "username": username,
        }
        with commit_boundary("claim"):
            rows = self._database.query(self._sql["claim"], parameters)
        unknown = {(str(row["wanted_id"]), row["wanted_tenant"]) for row in rows if not row["known"]}
        unclassified = tuple((str(row["wanted_id"]), row["wanted_tenant"]) for row in rows if row["unclassified"])
        return Claims(
            rows=[row for row in rows if row["job_id"] is not None], unknown=unknown, unclassified=unclassified
        )

    def extend(self, job_ids: Sequence[str], *, lease_token: str, lease_seconds: float) -> set[str]:
        """Keep the lease of jobs that are still ours; return their ids."""
        parameters = {"job_ids": list(job_ids), "lease_token": lease_token, "lease_seconds": lease_seconds}
        with commit_boundary("extend"):
            return set(as_ids(self._database.query(self._sql["extend"], parameters), "job_id"))

    def find_expired(self, *, limit: int) -> list[Row]:
        """Return jobs whose worker has not been heard of for longer than its lease."""
        return self._database.query(self._sql["find_expired"], {"limit": limit})

    def find_stranded(self, *, stranded_seconds: float, limit: int) -> list[Row]:
        """Return pending jobs whose event was lost, and start their waiting time anew."""
        parameters = {"stranded_seconds": stranded_seconds, "limit": limit}
        return self._database.query(self._sql["find_stranded"], parameters)

    def gauges(self) -> Gauges:
        """Count."""
        return Gauges(**self._database.query(self._sql["gauges"], {})[0])
