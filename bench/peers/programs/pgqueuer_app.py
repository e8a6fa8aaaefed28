"""PgQueuer on Postgres: `python -m bench.peers.programs.pgqueuer_app` runs a worker."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pgqueuer
import uvloop
from pgqueuer import Job, PgQueuer, Queries
from pgqueuer.db import AsyncpgDriver, AsyncpgPoolDriver

from bench.peers.programs.job import run

# The tuning guide's number, which says to raise the default of 10 for short jobs; and "use AsyncpgPoolDriver for
# producers; a single connection for QueueManager" (guides/performance-tuning).
BATCH_SIZE = 25


@asynccontextmanager
async def worker() -> AsyncIterator[PgQueuer]:
    """Build what runs the jobs."""
    connection = await asyncpg.connect(os.environ["BENCH_BROKER"])
    manager = PgQueuer(AsyncpgDriver(connection))

    @manager.entrypoint("noop")
    async def noop(job: Job) -> None:
        run((job.payload or b"").decode())

    try:
        yield manager
    finally:
        await connection.close()


class Queue:
    """Enqueues through a pool."""

    def __init__(self, queries: Queries) -> None:
        self._queries = queries

    async def one(self, content: str) -> None:
        """Enqueue one job."""
        await self._queries.enqueue("noop", content.encode())

    async def many(self, contents: list[str]) -> None:
        """Enqueue several jobs with one statement."""
        count = len(contents)
        await self._queries.enqueue(["noop"] * count, [content.encode() for content in contents], [0] * count)


@asynccontextmanager
async def opened() -> AsyncIterator[Queue]:
    """Open the pool."""
    async with asyncpg.create_pool(os.environ["BENCH_BROKER"], min_size=1) as pool:
        yield Queue(Queries(AsyncpgPoolDriver(pool)))


if __name__ == "__main__":
    # As `pgq run` does it, which fails with the Typer of today (guides/programmatic-run).
    uvloop.run(pgqueuer.run(worker, batch_size=BATCH_SIZE))
