"""What the machine allows: the waits that no job service can do without, each alone, nothing of ours around them."""

import itertools
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, Self

import psycopg
import redis
from kafka import KafkaProducer
from psycopg.rows import dict_row

from bench.figures import Figure, Target, repeat
from bench.lab import BenchLab
from bench.payload import DESCRIPTION, TITLE
from bench.tenants import found_tenants
from smartqueue.database import SET_TENANT
from smartqueue.ids import new_id
from smartqueue.store.queries import load

UPDATED_AT_ONCE = 100
SET_AT_ONCE = 100
SECONDS = {False: 1.0, True: 0.1}
TENANT = "floor-0"


@dataclass
class Floors:
    """Bare clients of the lab's services, as a function's role where that matters. A context manager."""

    lab: BenchLab

    def __enter__(self) -> Self:
        self._stack = ExitStack()
        found_tenants(self.lab, 1, word="floor")
        secret = self.lab.wiring.database_secret("api")
        postgres = self.lab.postgres
        self.api = self._stack.enter_context(
            psycopg.connect(
                host=postgres.host,
                port=postgres.port,
                dbname=postgres.database,
                user=secret["username"],
                password=secret["password"],
                autocommit=True,
                prepare_threshold=None,
                row_factory=dict_row,
            )
        )
        self.owner = self._stack.enter_context(psycopg.connect(postgres.superuser_url, autocommit=True))
        self.owner.execute("CREATE TABLE IF NOT EXISTS floor (id bigint PRIMARY KEY, word text NOT NULL)")
        self.owner.execute("TRUNCATE floor")
        self.cache = redis.Redis(host=self.lab.valkey.host, port=self.lab.valkey.port)
        self._stack.callback(self.cache.close)
        self.producer = KafkaProducer(
            bootstrap_servers=self.lab.kafka.bootstrap, acks="all", enable_idempotence=False, linger_ms=0
        )
        self._stack.callback(self.producer.close, timeout=5)
        self._numbers = itertools.count(int(time.time() * 1000))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def insert_row(self) -> None:
        """Insert one narrow row and commit."""
        self.owner.execute("INSERT INTO floor VALUES (%s, 'word')", [next(self._numbers)])

    def insert_job(self) -> str:
        """Run the statement that makes a job durable, with its audit and outbox rows; return the outbox row's id."""
        outbox_id = new_id()
        job = {
            "job_id": new_id(),
            "type": "simulate",
            "title": TITLE,
            "description": DESCRIPTION,
            "payload": {"durationSeconds": 0},
            "max_retries": 3,
            "retry_base_seconds": 2,
            "timeout_seconds": 10,
            "awaits_classification": False,
            "correlation_id": outbox_id,
            "outbox_id": outbox_id,
            "event": DESCRIPTION,
        }
        parameters = {
            "jobs": json.dumps([job]),
            "tenant_id": TENANT,
            "user_id": new_id(),
            "username": "floor",
            "grace_seconds": 60,
        }
        self._commit(load("jobs")["insert"], parameters)
        return outbox_id

    def delete_message(self, outbox_id: str) -> None:
        """Delete an outbox row and commit."""
        self._commit(load("outbox")["delete"], {"ids": [outbox_id]})

    def update_rows(self) -> None:
        """Update a hundred rows by one statement, and commit."""
        ids = [self._first + n for n in range(UPDATED_AT_ONCE)]
        self.owner.execute(
            "UPDATE floor f SET word = w.word FROM unnest(%s::bigint[], %s::text[]) AS w (id, word) WHERE f.id = w.id",
            [ids, [str(next(self._numbers))] * UPDATED_AT_ONCE],
        )

    def fill(self) -> None:
        """Insert the rows that `update_rows` updates."""
        self._first = next(self._numbers) * 1000
        ids = [self._first + n for n in range(UPDATED_AT_ONCE)]
        self.owner.execute("INSERT INTO floor SELECT id, 'word' FROM unnest(%s::bigint[]) AS id", [ids])

    def set_keys(self) -> None:
        """Set a hundred new keys in one pipeline."""
        pipeline = self.cache.pipeline(transaction=False)
        for _ in range(SET_AT_ONCE):
            pipeline.set(f"floor:{next(self._numbers)}", "1", nx=True, ex=60)
        pipeline.execute()

    def produce(self) -> None:
        """Send one record and wait until all in-sync replicas have it."""
        self.producer.send("job-results", value=DESCRIPTION.encode(), key=TENANT.encode())
        self.producer.flush(timeout=5)

    def _commit(self, sql: Any, parameters: Mapping[str, Any]) -> None:
        with self.api.pipeline():
            self.api.execute("BEGIN")
            self.api.execute(SET_TENANT, {"tenant_id": TENANT})
            self.api.execute(sql, parameters)
            self.api.execute("COMMIT")


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Measure each floor alone."""
    seconds = SECONDS[quick]
    with Floors(lab) as floors:
        floors.fill()

        figures = [
            repeat("floor.insert", "single-row INSERT + COMMIT", "per second", _rate(floors.insert_row, seconds)),
            repeat(
                "floor.job",
                "job + audit (chained) + outbox, one statement + COMMIT",
                "per second",
                _rate(floors.insert_job, seconds),
            ),
            repeat(
                "floor.update",
                f"UPDATE ... FROM unnest of {UPDATED_AT_ONCE} + COMMIT",
                "rows per second",
                _rate(floors.update_rows, seconds, each=UPDATED_AT_ONCE),
            ),
            repeat(
                "floor.set-nx",
                f"SET NX, {SET_AT_ONCE} in a pipeline",
                "keys per second",
                _rate(floors.set_keys, seconds, each=SET_AT_ONCE),
            ),
            repeat("floor.produce", "produce, acks=all, one at a time", "ms", _latency(floors.produce, seconds)),
        ]
    lab.empty()
    return figures


def targets(_: Mapping[str, Figure]) -> Iterator[Target]:
    """Return none: floors are what others are compared with."""
    return iter(())


def _rate(action: Callable[[], object], seconds: float, *, each: int = 1) -> Callable[[], float]:
    def measure() -> float:
        action()
        started = time.perf_counter()
        done = 0
        while time.perf_counter() - started < seconds:
            action()
            done += each
        return done / (time.perf_counter() - started)

    return measure


def _latency(action: Callable[[], object], seconds: float) -> Callable[[], float]:
    rate = _rate(action, seconds)
    return lambda: 1000 / rate()
