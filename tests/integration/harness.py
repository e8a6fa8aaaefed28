"""The functions, called in this process with real Postgres, Valkey and Kafka behind them.

Only Secrets Manager is played by moto. Kafka is read here as the MSK trigger would, but one step at a time, so that a
test decides what is delivered, how often and when.
"""

import base64
import importlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import boto3
import psycopg
import redis
from kafka import KafkaConsumer, TopicPartition
from psycopg.rows import dict_row

from localstack.services.kafka import Kafka
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from smartqueue.broker import connect_broker
from smartqueue.cache import connect_cache
from smartqueue.database import database
from smartqueue.metrics import metered
from smartqueue.settings import CacheSettings, KafkaSettings

ROLES = ("api", "auth", "worker", "monitor")
ROLE_OF = {
    "auth": "auth",
    "submit": "api",
    "query": "api",
    "replay": "api",
    "process": "worker",
    "classify": "worker",
    "relay": "worker",
    "metrics": "monitor",
    "migrate": "owner",
}
TOPICS = {"job-events": 3, "job-results": 1, "job-dlq": 1}


@dataclass
class Context:
    """What a handler uses of the Lambda context."""

    seconds: float = 60.0
    aws_request_id: str = "request-1"
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left."""
        return int(self.seconds * 1000)


@dataclass
class Answer:
    """An API answer."""

    status: int
    body: Any
    headers: dict[str, str]


@dataclass
class Plane:
    """The data plane and the environment that functions get from it."""

    postgres: Postgres
    valkey: Valkey
    kafka: Kafka
    extra: dict[str, str] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)

    def environment(self, function: str) -> dict[str, str]:
        """Return the variables that the template sets for a function."""
        return {
            "STAGE": "test",
            "POWERTOOLS_SERVICE_NAME": function,
            "POWERTOOLS_METRICS_NAMESPACE": "SmartTaskQueue",
            "DATABASE_SECRET_ID": f"smartqueue/test/database/{ROLE_OF.get(function, 'api')}",
            "CACHE_HOST": self.valkey.host,
            "CACHE_PORT": str(self.valkey.port),
            "CACHE_TLS": "false",
            "CACHE_SECRET_ID": "",
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "KAFKA_SECURITY": "PLAINTEXT",
            "TOKEN_SECRET_ID": "smartqueue/test/token-keys",
            "METRICS_SECRET_ID": "smartqueue/test/metrics-credential",
            "OPENAI_SECRET_ID": "smartqueue/test/openai",
            "WEBHOOK_SIGNING_SECRET_ID": "smartqueue/test/webhook-signing",
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "PASSWORD_MIN_LENGTH": "6",
            "ALLOW_SIMULATE": "true",
            "SUBMIT_QUOTA_PER_MINUTE": "100000",
            "DATABASE_ROLE_SECRET_IDS": json.dumps({role: f"smartqueue/test/database/{role}" for role in ROLES}),
            **self.extra,
        }

    def secrets(self) -> dict[str, dict[str, Any]]:
        """Return every secret by its name."""
        place = {"host": self.postgres.host, "port": self.postgres.port, "dbname": self.postgres.database}
        owner = {**place, "username": self.postgres.user, "password": self.postgres.password}
        roles = {
            f"smartqueue/test/database/{role}": {
                **place,
                "username": f"smartqueue_{role}",
                "password": f"{role}-secret",
            }
            for role in ROLES
        }
        return {
            "smartqueue/test/database/owner": owner,
            **roles,
            "smartqueue/test/token-keys": {"kid": "1", "key": "k" * 64},
            "smartqueue/test/metrics-credential": {"token": "scrape-me"},
            "smartqueue/test/webhook-signing": {"key": "w" * 48},
            "smartqueue/test/openai": {"apiKey": "none"},
        }

    def create_secrets(self) -> None:
        """Put the secrets into the Secrets Manager that boto3 reaches."""
        client = boto3.client("secretsmanager", region_name="us-east-1")
        for name, value in self.secrets().items():
            client.create_secret(Name=name, SecretString=json.dumps(value))

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
        event = {
            "httpMethod": method,
            "resource": resource,
            "path": resource.format(**path) if path else resource,
            "pathParameters": path or None,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": dict(query) if query else None,
            "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
            "body": None if body is None else body if isinstance(body, str) else json.dumps(body),
            "isBase64Encoded": False,
            "requestContext": {"requestId": "1"},
        }
        answer = self.invoke(function, event)
        headers_out = {n: v[0] for n, v in answer["multiValueHeaders"].items()}
        json_like = "json" in headers_out.get("Content-Type", "")
        return Answer(
            int(answer["statusCode"]), json.loads(answer["body"]) if json_like else answer["body"], headers_out
        )

    def admin(self, tenant: str = "tenant-a", username: str = "alice") -> str:
        """Register a tenant's first user and return the token."""
        body = {"username": username, "password": "pass123", "tenantId": tenant}
        answer = self.call("auth", "POST", "/auth/register", body)
        assert answer.status == 201, answer
        return str(answer.body["token"])

    def submit(self, token: str, **fields: object) -> dict[str, Any]:
        """Submit a job and return it."""
        answer = self.call("submit", "POST", "/jobs", {"title": "a job", **fields}, token=token)
        assert answer.status == 201, answer
        return dict(answer.body)

    def records(self, topic: str = "job-events", *, wait_seconds: float = 1.0) -> list[Any]:
        """Return the topic's records that no earlier call returned."""
        consumer = KafkaConsumer(bootstrap_servers=self.kafka.bootstrap, enable_auto_commit=False)
        try:
            partitions = [TopicPartition(topic, number) for number in range(TOPICS[topic])]
            consumer.assign(partitions)
            found: list[Any] = []
            ends = consumer.end_offsets(partitions)
            for partition in partitions:
                consumer.seek(partition, self.positions.get(partition, 0))
            wanted = sum(ends[p] - self.positions.get(p, 0) for p in partitions)
            while len(found) < wanted:
                polled = consumer.poll(timeout_ms=int(wait_seconds * 1000))
                found.extend(record for records in polled.values() for record in records)
            for record in found:
                self.positions[TopicPartition(topic, record.partition)] = record.offset + 1
            return sorted(found, key=lambda r: (r.timestamp, r.partition, r.offset))
        finally:
            consumer.close()

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
        """Let the relay look once."""
        os.environ.update(self.environment("relay"))
        handler = importlib.import_module("functions.relay.handler")

        with metered(handler.cache_client()) as meter:
            return int(handler.relay().look(meter))

    def close_clients(self) -> None:
        """Close what the functions keep open for their execution environment's whole life."""
        environment = self.environment("process")
        for role in ("owner", *ROLES):
            database(f"smartqueue/test/database/{role}").close()
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

    def steps(self, job_id: str) -> list[tuple[str, str | None, str | None]]:
        """Return a job's audit rows, oldest first, as (action, from, to)."""
        sql = "SELECT action, old_state, new_state FROM audit_logs WHERE entity_id = %s ORDER BY id"
        return [(r["action"], r["old_state"], r["new_state"]) for r in self.rows(sql, job_id)]

    def clear(self) -> None:
        """Empty every table and the cache, and forget what is in Kafka."""
        with psycopg.connect(self.postgres.superuser_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute("TRUNCATE outbox, audit_logs, jobs, users, tenants CASCADE")
        with redis.Redis(host=self.valkey.host, port=self.valkey.port) as client:
            client.flushall()
        for topic in TOPICS:
            self.records(topic)


def msk_event(records: Iterable[Any]) -> dict[str, Any]:
    """Shape records as an MSK event (docs: lambda/latest/dg/with-msk.html)."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        grouped.setdefault(f"{record.topic}-{record.partition}", []).append(
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.timestamp,
                "timestampType": "CREATE_TIME",
                "key": None if record.key is None else base64.b64encode(record.key).decode(),
                "value": None if record.value is None else base64.b64encode(record.value).decode(),
                "headers": [{name: list(value)} for name, value in record.headers],
            }
        )
    return {"eventSource": "aws:kafka", "eventSourceArn": "arn:test", "bootstrapServers": "", "records": grouped}


def event_types(records: Iterable[Any]) -> Iterator[str]:
    """Yield the event types of records."""
    for record in records:
        yield json.loads(record.value)["eventType"]
