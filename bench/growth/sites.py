"""One database with its past: the stores of the functions over it, and jobs, pages and keys to ask for."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from bench.growth.history import History
from bench.growth.server import Server
from smartqueue.database import Credentials, Database
from smartqueue.events import Message
from smartqueue.settings import DatabaseSettings
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.audit import AuditStore
from smartqueue.store.audit_chain import AuditChainStore
from smartqueue.store.classifications import ClassificationStore
from smartqueue.store.jobs import JobStore, Page
from smartqueue.store.ledger import LedgerStore
from smartqueue.store.outbox import Outbox

BIG = "tenant-big"
SMALL = tuple(f"tenant-{number}" for number in range(0, 199, 10))
PAGE_ROWS = 21
# Where a word of md5 stands in an id, its least value.
LEAST_WORD = "0" * 32
MILLION = 1_000_000
PAST = timedelta(days=90)


class AgreeableBroker:
    """Takes every message at once: what is measured is the database."""

    is_resting = False

    def publish(self, messages: Sequence[Message]) -> list[str]:
        """Return the ids of all."""
        return [message.id for message in messages]


@dataclass(kw_only=True)
class Site:
    """kind: makes the connections, which may be some that explain.

    The same seed for each site: they are asked for the same moments of the past.
    """

    server: Server
    name: str
    history: History
    kind: Callable[[DatabaseSettings, Credentials], Database] = Database

    def __post_init__(self) -> None:
        """Make the stores; they connect at their first statement."""
        self.api, self.worker, self.monitor, self.auditor = (
            self.server.database(self.name, role, self.kind) for role in ("api", "worker", "monitor", "auditor")
        )
        self.jobs, self.moves = JobStore(self.api), JobStore(self.worker)
        self.attempts, self.gauges = AttemptStore(self.worker), AttemptStore(self.monitor)
        self.audit = AuditStore(self.api)
        self.chain = AuditChainStore(self.auditor)
        self.classifications = ClassificationStore(self.worker)
        self.ledger, self.all_ledgers = LedgerStore(self.api), LedgerStore(self.worker)
        self.outbox = Outbox(self.worker, AgreeableBroker())  # type: ignore[arg-type]

    @property
    def label(self) -> str:
        """The number of jobs in short."""
        jobs = self.history.jobs
        return f"{jobs // MILLION}M" if jobs >= MILLION else f"{jobs // 1000}k"

    @property
    def databases(self) -> tuple[Database, ...]:
        """All connections."""
        return (self.api, self.worker, self.monitor, self.auditor)

    def close(self) -> None:
        """Close them."""
        for database in self.databases:
            database.close()

    def rows(self, sql: str, **parameters: object) -> list[dict[str, Any]]:
        """Ask past row-level security and triggers."""
        with self.server.superuser(self.name) as connection:
            cursor = connection.execute(sql.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    @cached_property
    def known_jobs(self) -> list[tuple[str, str]]:
        """Some jobs of the audited part of the past, each as (id, tenant)."""
        found = self._near("job_id, tenant_id", self._moments(200))
        return [(str(row["job_id"]), row["tenant_id"]) for row in found]

    @cached_property
    def known_keys(self) -> list[dict[str, Any]]:
        """Some jobs that have an idempotency key."""
        return self._near("tenant_id, idempotency_key, request_hash", self._moments(100), "idempotency_key IS NOT NULL")

    def deep_pages(self, tenant_id: str, count: int) -> list[Page]:
        """Return pages far into a tenant's list of jobs."""
        rows = self.rows(
            "SELECT found.* FROM unnest(%(moments)s::timestamptz[]) AS moment, LATERAL (SELECT created_at, job_id"
            " FROM jobs WHERE tenant_id = %(tenant)s AND created_at < moment ORDER BY created_at DESC, job_id DESC"
            " LIMIT 1) AS found",
            moments=self._moments(count),
            tenant=tenant_id,
        )
        return [_page(row["created_at"], row["job_id"]) for row in rows]

    def deep_dead_pages(self, count: int) -> list[Page]:
        """Return pages far into the big tenant's list of dead letters."""
        rows = self.rows(
            "SELECT found.* FROM unnest(%(moments)s::timestamptz[]) AS moment, LATERAL (SELECT completed_at, job_id"
            " FROM jobs WHERE tenant_id = %(tenant)s AND status = 'FAILED' AND discarded_at IS NULL"
            " AND completed_at < moment ORDER BY completed_at DESC, job_id DESC LIMIT 1) AS found",
            moments=self._moments(count),
            tenant=BIG,
        )
        return [_page(row["completed_at"], row["job_id"]) for row in rows]

    def dead_job_ids(self, count: int) -> list[str]:
        """Return some of the big tenant's dead letters."""
        rows = self.rows(
            "SELECT job_id FROM jobs WHERE tenant_id = %(tenant)s AND status = 'FAILED' AND discarded_at IS NULL"
            " ORDER BY completed_at DESC LIMIT %(count)s",
            tenant=BIG,
            count=count,
        )
        return [str(row["job_id"]) for row in rows]

    def deep_audit_ids(self, count: int) -> list[str]:
        """Return ids far into the audit trail."""
        moments, word = self._moments(count), LEAST_WORD
        rows = self.rows("SELECT history_id(unnest(%(moments)s), %(word)s) AS id", moments=moments, word=word)
        return [str(row["id"]) for row in rows]

    def _near(self, columns: str, moments: list[datetime], condition: str = "true") -> list[dict[str, Any]]:
        return self.rows(
            f"SELECT found.* FROM unnest(%(moments)s::timestamptz[]) AS moment, LATERAL (SELECT {columns}"  # noqa: S608
            f" FROM jobs WHERE job_id >= history_id(moment, %(word)s) AND {condition} ORDER BY job_id LIMIT 1)"
            " AS found",
            moments=moments,
            word=LEAST_WORD,
        )

    def _moments(self, count: int) -> list[datetime]:
        """Return moments of the audited past, but of its older half, so that there is enough behind each of them."""
        chance = random.Random(f"{count}")  # noqa: S311
        audited = self.history.audited / self.history.jobs
        return [self.history.now - PAST * audited * chance.uniform(0.2, 0.8) for _ in range(count)]


def _page(time: datetime, job_id: object) -> Page:
    return Page(limit=PAGE_ROWS, before_time=time, before_id=str(job_id))
