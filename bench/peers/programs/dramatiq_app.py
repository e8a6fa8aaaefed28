"""Dramatiq with Redis as its broker: `dramatiq bench.peers.programs.dramatiq_app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from bench.peers.programs.job import run

dramatiq.set_broker(RedisBroker(url=os.environ["BENCH_BROKER"]))


@dramatiq.actor
def noop(content: str) -> None:
    """Run the job."""
    run(content)


class Queue:
    """Sends message by message: so does Dramatiq's own `group`."""

    async def one(self, content: str) -> None:
        """Enqueue one job."""
        noop.send(content)


@asynccontextmanager
async def opened() -> AsyncIterator[Queue]:
    """Connect with the first job."""
    yield Queue()
