"""Jobs as a tenant submits, reads and moves them. The methods bear the names of the statements in sql/jobs.sql."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from smartqueue.database import Database, Row, Statement, as_ids, commit_boundary
from smartqueue.events import Message
from smartqueue.jobs import TERMINAL, Actor, Move
from smartqueue.store.queries import load

# How long the relay leaves a fresh message to whoever wrote it and is publishing it right now.
INLINE_GRACE_SECONDS = 3.0


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """A job to insert, with the outbox row of its first event."""

    job_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    max_retries: int
    retry_base_seconds: float
    timeout_seconds: float
    awaits_classification: bool
    correlation_id: str
    idempotency_key: str | None
    request_hash: str | None
    created: Message


@dataclass(frozen=True, kw_only=True)
class Page:
    """Where a page starts (the sort columns of the last row seen, or None) and how many rows it may hold."""

    limit: int
    before_time: datetime | None = None
    before_id: str | None = None


class JobStore:
    """Jobs in Postgres. Every method raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("jobs")

    def insert(self, jobs: Sequence[NewJob], *, tenant_id: str, user: Actor) -> tuple[list[Row], list[Row]]:
        """Insert jobs with their audit and outbox rows, in one transaction and one round trip.

        Returns the rows inserted, with the `topic` of their events, and the earlier rows that hold the idempotency
        keys of those that were not.
        """
        keys = [job.idempotency_key for job in jobs if job.idempotency_key is not None]
        insert = Statement(
            self._sql["insert"],
            {
                "jobs": json.dumps([_as_record(job) for job in jobs]),
                "tenant_id": tenant_id,
                "user_id": user.user_id,
                "username": user.username,
                "grace_seconds": INLINE_GRACE_SECONDS,
            },
        )
        find = Statement(self._sql["find_by_idempotency_keys"], {"tenant_id": tenant_id, "keys": keys})
        with commit_boundary("insert"):
            inserted, *found = self._database.run(insert, *([find] if keys else []), tenant_id=tenant_id)
        holders = found[0] if found else []
        fresh = {row["job_id"] for row in inserted}
        return inserted, [row for row in holders if row["job_id"] not in fresh]

    def find(self, job_id: str, *, tenant_id: str) -> Row | None:
        """Return the tenant's job, or None."""
        rows = self._database.query(self._sql["find"], {"tenant_id": tenant_id, "job_id": job_id}, tenant_id=tenant_id)
        return rows[0] if rows else None

    def browse(
        self,
        *,
        tenant_id: str,
        page: Page,
        status: str | None = None,
        job_type: str | None = None,
        category: str | None = None,
        priority: str | None = None,
    ) -> list[Row]:
        """Return the tenant's jobs, newest first."""
        parameters = {
            "tenant_id": tenant_id,
            "status": status,
            "type": job_type,
            "category": category,
            "priority": priority,
            "before_time": page.before_time,
            "before_id": page.before_id,
            "limit": page.limit,
        }
        return self._database.query(self._sql["browse"], parameters, tenant_id=tenant_id)

    def browse_dead(self, *, tenant_id: str, page: Page, filters: "DeadFilters") -> list[Row]:
        """Return the tenant's failed jobs that were not discarded, the latest failure first."""
        parameters = {
            "tenant_id": tenant_id,
            "job_ids": filters.job_ids,
            "type": filters.type,
            "category": filters.category,
            "priority": filters.priority,
            "reason": filters.reason,
            "failed_after": filters.failed_after,
            "failed_before": filters.failed_before,
            "before_time": page.before_time,
            "before_id": page.before_id,
            "limit": page.limit,
        }
        return self._database.query(self._sql["browse_dead"], parameters, tenant_id=tenant_id)

    def move(self, moves: Sequence[Move], *, tenant_id: str | None = None) -> set[str]:
        """Make transitions with their audit and outbox rows, in one transaction and one round trip.

        Returns the ids of the jobs that moved; the others had changed since they were read (version, status or
        lease), and nothing was written for them.
        """
        if not moves:
            return set()
        parameters = {
            "moves": json.dumps([_move_record(move) for move in moves]),
            "messages": json.dumps([_message_record(move.job.job_id, m) for move in moves for m in move.messages]),
        }
        with commit_boundary("move"):
            return set(as_ids(self._database.query(self._sql["move"], parameters, tenant_id=tenant_id), "job_id"))

    def discard(
        self,
        jobs: Sequence[tuple[str, int]],
        *,
        tenant_id: str,
        user: Actor,
        details: str,
        request_correlation_id: str,
    ) -> set[str]:
        """Take failed jobs, given as (id, version), off the dead-letter list; return the ids of those it took."""
        parameters = {
            "jobs": json.dumps([{"job_id": job_id, "version": version} for job_id, version in jobs]),
            "tenant_id": tenant_id,
            "user_id": user.user_id,
            "username": user.username,
            "details": details,
            "request_correlation_id": request_correlation_id,
        }
        with commit_boundary("discard"):
            return set(as_ids(self._database.query(self._sql["discard"], parameters, tenant_id=tenant_id), "job_id"))


@dataclass(frozen=True, kw_only=True)
class DeadFilters:
    """Which dead letters are meant; None leaves a condition out. reason: part of the last error, any case."""

    job_ids: list[str] | None = None
    type: str | None = None
    category: str | None = None
    priority: str | None = None
    reason: str | None = None
    failed_after: datetime | None = None
    failed_before: datetime | None = None


def _as_record(job: NewJob) -> dict[str, Any]:
    record = {name: getattr(job, name) for name in NewJob.__dataclass_fields__ if name != "created"}
    return {**record, "outbox_id": job.created.id, "event": job.created.value}


def _move_record(move: Move) -> dict[str, Any]:
    job = move.job
    return {
        "job_id": job.job_id,
        "tenant_id": job.tenant_id,
        "version": job.version,
        "lease_token": job.lease_token,
        "source": job.status,
        "target": move.to,
        "terminal": move.to in TERMINAL,
        "attempt": move.attempt,
        "replay_count": move.replay_count,
        "result": move.result,
        "last_error": move.last_error,
        "delay_seconds": move.delay_seconds,
        "action": move.action,
        "user_id": move.actor.user_id,
        "username": move.actor.username,
        "details": move.details,
        "attributes": move.attributes,
    }


def _message_record(job_id: str, message: Message) -> dict[str, Any]:
    return {
        "id": message.id,
        "job_id": job_id,
        "topic": message.topic,
        "key": message.key,
        "value": message.value,
        "due_in_seconds": message.due_in_seconds or INLINE_GRACE_SECONDS,
    }
