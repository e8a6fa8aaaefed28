"""What the checks may look at: Postgres, Kafka and the webhook receiver's own log. Nothing of the functions."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from localstack.kafka_client import KafkaAccess
from tests.fakes.webhook_receiver import ReceivedRequest
from tests.integration.topics import TopicReader

TOPICS_READ = ("job-dlq", "job-results")
# linked: links behind the base, or the beginning, that have their rows. unlinked: rows without a link.
TRAILS = """
SELECT h.tenant_id, h.position, coalesce(b.position, 0) AS base,
    (SELECT count(*) FROM audit_chain c JOIN audit_logs l ON l.id = c.audit_id
        WHERE c.tenant_id = h.tenant_id AND c.position > coalesce(b.position, 0)) AS linked,
    (SELECT count(*) FROM audit_logs l WHERE l.tenant_id = h.tenant_id
        AND NOT EXISTS (SELECT FROM audit_chain c WHERE c.audit_id = l.id)) AS unlinked
FROM audit_heads h LEFT JOIN audit_bases b USING (tenant_id) WHERE h.tenant_id = ANY(%s)
"""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """How things stand for some tenants. letters, results: values of job-dlq and job-results by job id.

    trails: of each tenant, where it ends and begins, and how many rows there are in between.
    """

    jobs: dict[str, dict[str, Any]]
    audit: dict[str, list[dict[str, Any]]]
    outbox: list[dict[str, Any]]
    books: dict[str, dict[str, Any]]
    trails: dict[str, dict[str, int]]
    letters: dict[str, list[dict[str, Any]]]
    results: dict[str, list[dict[str, Any]]]
    requests: list[ReceivedRequest]

    def end_of(self, job_id: str) -> str:
        """Return a job's status, REMOVED if its audit trail says so, or else GONE."""
        if job_id in self.jobs:
            return str(self.jobs[job_id]["status"])
        trail = self.audit.get(job_id)
        return "REMOVED" if trail and trail[-1]["action"] == "JOB_REMOVED" else "GONE"


class Observer:
    """Gathers evidence; reads every Kafka record once and remembers it."""

    def __init__(self, *, database_url: str, access: KafkaAccess) -> None:
        self._database_url = database_url
        self._reader = TopicReader(access)
        self._values: dict[str, list[dict[str, Any]]] = {topic: [] for topic in TOPICS_READ}

    def gather(self, tenants: Sequence[str], requests: list[ReceivedRequest]) -> Evidence:
        """Look at everything of these tenants."""
        ids = list(tenants)
        with psycopg.connect(self._database_url, row_factory=dict_row, autocommit=True) as connection:
            jobs = connection.execute("SELECT * FROM jobs WHERE tenant_id = ANY(%s)", (ids,)).fetchall()
            audit = connection.execute(
                "SELECT * FROM audit_logs WHERE tenant_id = ANY(%s) ORDER BY id", (ids,)
            ).fetchall()
            outbox = connection.execute("SELECT * FROM outbox WHERE tenant_id = ANY(%s)", (ids,)).fetchall()
            books = connection.execute("SELECT * FROM audit_heads WHERE tenant_id = ANY(%s)", (ids,)).fetchall()
            trails = connection.execute(TRAILS, (ids,)).fetchall()
        for topic in TOPICS_READ:
            self._values[topic] += [json.loads(record.value) for record in self._reader.read(topic)]
        return Evidence(
            jobs={str(row["job_id"]): row for row in jobs},
            audit=_by(audit, "entity_id"),
            outbox=outbox,
            books={row["tenant_id"]: row for row in books},
            trails={row["tenant_id"]: row for row in trails},
            letters=_by(self._values["job-dlq"], "jobId"),
            results=_by(self._values["job-results"], "jobId"),
            requests=requests,
        )

    def unfinished(self, tenants: Sequence[str]) -> int:
        """Count the jobs of these tenants that have not ended, and the messages still to be published."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            [(count,)] = connection.execute(
                "SELECT (SELECT count(*) FROM jobs WHERE tenant_id = ANY(%s)"
                " AND (completed_at IS NULL OR classified_at IS NULL AND status <> 'CANCELLED'))"
                " + (SELECT count(*) FROM outbox WHERE tenant_id = ANY(%s))",
                (list(tenants), list(tenants)),
            ).fetchall()
        return int(count)

    def running(self, tenants: Sequence[str]) -> int:
        """Count the jobs of these tenants that are at work."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            [(count,)] = connection.execute(
                "SELECT count(*) FROM jobs WHERE tenant_id = ANY(%s) AND status = 'PROCESSING'", (list(tenants),)
            ).fetchall()
        return int(count)

    def latest_end(self, tenants: Sequence[str]) -> float:
        """Return when the last of these tenants' jobs ended (Unix time)."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            [(moment,)] = connection.execute(
                "SELECT extract(epoch FROM max(completed_at)) FROM jobs WHERE tenant_id = ANY(%s)", (list(tenants),)
            ).fetchall()
        return float(moment or 0)


def _by(rows: Sequence[dict[str, Any]], name: str) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        grouped.setdefault(str(row.get(name)), []).append(row)
    return grouped
