"""Where a peer keeps its jobs: a database of its own in the laboratory's Postgres, or one of its Valkey's.

A broker tells what it has not seen to its end. That is when a queue is drained, and what a killed worker left behind.
"""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

from bench.lab import BenchLab
from bench.peers.programs.job import NUMBER_DIGITS


class Broker(Protocol):
    """A place for jobs that belongs to one peer alone. url: what the peer's programs connect to."""

    url: str

    def create(self) -> None:
        """Make the place, without what may be left of an earlier one."""

    def clear(self) -> None:
        """Forget all jobs."""

    def settle(self) -> None:
        """Do what a server that has been running for a while would have done about its new jobs."""

    def unfinished(self) -> list[int]:
        """Return the number of every job that is still to be run, or that is running as far as the broker knows."""

    def drop(self) -> None:
        """Give the place back."""


@dataclass(frozen=True, kw_only=True)
class PostgresTables:
    """What a peer made of a database. unfinished: a query for their payloads; tables: those that grow with jobs."""

    unfinished: str
    tables: str

    def of(self, lab: BenchLab, name: str) -> Broker:
        """Return the broker, which does not exist yet."""
        return _PostgresBroker(lab.postgres.superuser_url, name, self)


@dataclass(frozen=True, kw_only=True)
class ValkeyKeys:
    """What a peer made of a database. number: the server's name for it; unfinished: reads the payloads from there."""

    number: int
    unfinished: Callable[[redis.Redis], list[str]]

    def of(self, lab: BenchLab, name: str) -> Broker:  # noqa: ARG002 - databases of Valkey have numbers
        """Return the broker."""
        return _ValkeyBroker(lab.valkey.url, self)


def celery_payloads(client: redis.Redis) -> list[str]:
    """Return the payloads of Celery's default queue and of what its workers took and did not acknowledge."""
    waiting = [json.loads(message) for message in _strings(client.lrange("celery", 0, -1))]
    taken = [json.loads(entry)[0] for entry in _strings(client.hvals("unacked"))]
    return [json.loads(base64.b64decode(message["body"]))[0][0] for message in [*waiting, *taken]]


def dramatiq_payloads(client: redis.Redis) -> list[str]:
    """Return the payloads of Dramatiq's default queue: a message stays in its hash until it is acknowledged."""
    return [json.loads(message)["args"][0] for message in _strings(client.hvals("dramatiq:default.msgs"))]


class _PostgresBroker:
    def __init__(self, superuser_url: str, name: str, tables: PostgresTables) -> None:
        self._superuser_url = superuser_url
        self._name = f"bench_{name}"
        self._tables = tables
        self.url = urlsplit(superuser_url)._replace(path=f"/{self._name}").geturl()

    def create(self) -> None:
        self.drop()
        self._execute(self._superuser_url, sql.SQL("CREATE DATABASE {}").format(sql.Identifier(self._name)))

    def clear(self) -> None:
        self._execute(self.url, sql.SQL(f"TRUNCATE {self._tables.tables} CASCADE"), sql.SQL("CHECKPOINT"))

    def settle(self) -> None:
        self._execute(self.url, sql.SQL("ANALYZE"))

    def unfinished(self) -> list[int]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            return [int(row[0][:NUMBER_DIGITS]) for row in connection.execute(self._tables.unfinished.encode())]

    def drop(self) -> None:
        dropping = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(self._name))
        self._execute(self._superuser_url, dropping)

    @staticmethod
    def _execute(url: str, *statements: sql.SQL | sql.Composed) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)


class _ValkeyBroker:
    def __init__(self, url: str, keys: ValkeyKeys) -> None:
        self._keys = keys
        self.url = urlsplit(url)._replace(path=f"/{keys.number}").geturl()

    def create(self) -> None:
        self.clear()

    def clear(self) -> None:
        with self._client() as client:
            client.flushdb()

    def settle(self) -> None:
        """Nothing: Valkey plans no queries."""

    def unfinished(self) -> list[int]:
        with self._client() as client:
            return [int(payload[:NUMBER_DIGITS]) for payload in self._keys.unfinished(client)]

    def drop(self) -> None:
        self.clear()

    def _client(self) -> redis.Redis:
        return redis.Redis.from_url(self.url, decode_responses=True)


def _strings(answer: Any) -> list[str]:
    # The client's own types allow for an asynchronous answer too.
    return list(answer)
