"""The functions, called in this process with real Postgres, Valkey and Kafka behind them.

Only Secrets Manager is played by moto. A test decides what is delivered, how often and when.
"""

import importlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import psycopg
import redis
from psycopg.rows import dict_row

from smartqueue.broker import connect_broker
from smartqueue.cache import connect_cache
from smartqueue.database import connect_database
from smartqueue.metrics import metered
from smartqueue.secrets import forget_secrets
from smartqueue.settings import CacheSettings, DatabaseSettings, KafkaSettings
from tests.integration.invocations import Answer, Context, api_event, forget_settings
from tests.integration.topics import LANES, TOPICS, TopicReader, event_types, msk_event, values
from tests.integration.wiring import ROLES, SCRAPE_TOKEN, Wiring

__all__ = ["ROLES", "SCRAPE_TOKEN", "TOPICS", "Answer", "Context", "Plane", "event_types", "msk_event", "values"]


PASSWORD = "pass123"


@dataclass(kw_only=True)
class Plane(Wiring):
    """The data plane, and one execution environment per function on it."""

    @cached_property
    def reader(self) -> TopicReader:
        """Kafka, as the trigger reads it."""
        return TopicReader(self.kafka.access)

    def invoke(self, function: str, event: Mapping[str, Any], *, seconds: float = 60.0) -> Any:
        """Call a function's handler."""
        os.environ.update(self.environment(function))
        handler = importlib.import_module(f"functions.{function}.handler")
        return handler.lambda_handler(dict(event), Context(seconds=seconds))

    def call(
        self,
        function: str,
        method: str,
        resource: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        **path: str,
    ) -> Answer:
        """Send an API request to a function as API Gateway would."""
        sent = {"content-type": "application/json", **({"authorization": f"Bearer {token}"} if token else {})}
        sent.update(headers or {})
        answer = self.invoke(function, api_event(method, resource, body, headers=sent, query=query, path=path))
        headers_out = {n: v[0] for n, v in answer["multiValueHeaders"].items()}
        json_like = "json" in headers_out.get("Content-Type", "")
        return Answer(
            int(answer["statusCode"]), json.loads(answer["body"]) if json_like else answer["body"], headers_out
        )

    def admin(self, tenant: str = "tenant-a", username: str = "alice") -> str:
        """Register a tenant's first user and return the token."""
        body = {"username": username, "password": PASSWORD, "tenantId": tenant}
        answer = self.call("auth", "POST", "/auth/register", body)
        assert answer.status == 201, answer
        return str(answer.body["token"])

    @property
    def admin_token(self) -> str:
        """The token of tenant-a's ADMIN alice, whom the first use registers."""
        if self.rows("SELECT 1 FROM users WHERE username = 'alice'"):
            answer = self.call("auth", "POST", "/auth/login", {"username": "alice", "password": PASSWORD})
            return str(answer.body["token"])
        return self.admin()

    def member(self, admin: str, role: str, username: str | None = None) -> str:
        """Let an ADMIN add a user and return that user's token."""
        body = {"username": username or role.lower(), "password": PASSWORD, "role": role}
        answer = self.call("auth", "POST", "/auth/register", body, token=admin)
        assert answer.status == 201, answer
        return str(answer.body["token"])

    def submit(self, token: str, **fields: object) -> dict[str, Any]:
        """Submit a job and return it."""
        answer = self.call("submit", "POST", "/jobs", {"title": "a job", **fields}, token=token)
        assert answer.status == 201, answer
        return dict(answer.body)

    def submit_many(self, token: str, count: int, **fields: object) -> list[str]:
        """Submit jobs, a hundred at a time, and return their ids."""
        ids: list[str] = []
        while len(ids) < count:
            jobs = [{"title": f"job {len(ids) + n}", **fields} for n in range(min(100, count - len(ids)))]
            answer = self.call("submit", "POST", "/jobs/batch", {"jobs": jobs}, token=token)
            assert answer.body["created"] == len(jobs), answer
            ids.extend(item["job"]["jobId"] for item in answer.body["items"])
        return ids

    def simulate(self, token: str, *, retry: Mapping[str, object] | None = None, **payload: object) -> str:
        """Submit simulated work, which takes no time unless told to, and return its id."""
        fields = {"payload": {"durationSeconds": 0, **payload}, "retry": dict(retry or {})}
        return str(self.submit(token, type="simulate", **fields)["jobId"])

    def records(self, *topics: str) -> list[Any]:
        """Return the records of topics (without any: of both lanes of job events) that no earlier call returned."""
        return self.reader.read(*(topics or LANES))

    def deliver(self, function: str, records: Iterable[Any], *, seconds: float = 60.0) -> Any:
        """Give records to a function in one batch."""
        return self.invoke(function, msk_event(records), seconds=seconds)

    def drive(self, *, rounds: int = 20) -> None:
        """Carry records to both consumers and run the relay's look until nothing moves any more."""
        for _ in range(rounds):
            self.look()
            records = self.records()
            if not records:
                return
            self.deliver("classify", records)
            self.deliver("process", records)
        raise AssertionError("records keep coming")

    def look(self) -> int:
        """Let the relay look once, and return how many messages it published."""
        os.environ.update(self.environment("relay"))
        handler = importlib.import_module("functions.relay.handler")
        with metered(handler.environment.cache) as meter:
            return int(handler.relay().look(meter))

    def make_due(self) -> None:
        """Let the waiting time of every outbox row pass."""
        self.rows("UPDATE outbox SET due_at = now()")

    def expire_leases(self) -> None:
        """Let the lease of every running attempt pass."""
        self.rows("UPDATE jobs SET lease_expires_at = now() - interval '1 ms' WHERE status = 'PROCESSING'")

    def configure(self, **variables: str) -> None:
        """Start new execution environments with other variables."""
        self.extra = {**self.extra, **variables}
        forget_settings()

    def reset(self) -> None:
        """Undo `configure`."""
        for name in self.extra:
            os.environ.pop(name, None)
        self.extra = {}
        self.freshen()

    def freshen(self) -> None:
        """Start new execution environments: no open connection, nothing remembered."""
        self.close_clients()
        forget_settings()
        forget_secrets()
        connect_broker(KafkaSettings.from_environment(self.environment("process")))._resting_until = 0.0

    def close_clients(self) -> None:
        """Close what the functions keep open for their execution environment's whole life."""
        environment = self.environment("process")
        for role in ("owner", *ROLES):
            variables = {**environment, "DATABASE_SECRET_ID": self.secret_name(f"database/{role}")}
            connect_database(DatabaseSettings.from_environment(variables)).close()
        connect_broker(KafkaSettings.from_environment(environment)).close()
        connect_cache(CacheSettings.from_environment(environment)).close()

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Ask the database, past row-level security."""
        with psycopg.connect(self.postgres.superuser_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def job(self, job_id: str) -> dict[str, Any]:
        """Return a job's row."""
        return self.rows("SELECT * FROM jobs WHERE job_id = %s", job_id)[0]

    def statuses(self) -> dict[str, int]:
        """Count the jobs by status."""
        return {r["status"]: r["n"] for r in self.rows("SELECT status, count(*) AS n FROM jobs GROUP BY status")}

    def steps(self, job_id: str) -> list[tuple[str, str | None, str | None]]:
        """Return a job's audit rows, oldest first, as (action, from, to)."""
        return [(r["action"], r["old_state"], r["new_state"]) for r in self.audit(job_id)]

    def audit(self, job_id: str) -> list[dict[str, Any]]:
        """Return a job's audit rows, oldest first."""
        return self.rows("SELECT * FROM audit_logs WHERE entity_id = %s ORDER BY id", job_id)

    def clear(self) -> None:
        """Empty every table and the cache, and forget what is in Kafka."""
        self.empty_tables()
        self.clear_cache()
        self.reader.read(*TOPICS)

    def empty_tables(self) -> None:
        """Empty every table."""
        with psycopg.connect(self.postgres.superuser_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "TRUNCATE outbox, audit_bases, audit_seals, audit_heads, audit_chain, audit_logs, jobs, users, tenants"
                " CASCADE"
            )

    def clear_cache(self) -> None:
        """Empty the cache."""
        with redis.Redis(host=self.valkey.host, port=self.valkey.port) as client:
            client.flushall()
