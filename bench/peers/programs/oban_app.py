"""oban on Postgres: `oban start --cron-modules bench.peers.programs.oban_app`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from oban import Job, Oban, worker

from bench.peers.programs.job import run


@worker()
class Noop:
    """Runs the job."""

    async def process(self, job: Job) -> None:
        """Run it."""
        run(job.args["content"])


class Queue:
    """Enqueues as a client that has no queues of its own."""

    def __init__(self, oban: Oban) -> None:
        self._oban = oban

    async def one(self, content: str) -> None:
        """Enqueue one job."""
        await self._oban.enqueue(_job(content))

    async def many(self, contents: list[str]) -> None:
        """Enqueue several jobs in one transaction."""
        await self._oban.enqueue_many(*map(_job, contents))


@asynccontextmanager
async def opened() -> AsyncIterator[Queue]:
    """Open the pool."""
    async with await Oban.create_pool(os.environ["BENCH_BROKER"]) as pool, Oban(pool=pool) as oban:
        yield Queue(oban)


def _job(content: str) -> Job:
    new: Any = Noop
    job: Job = new.new({"content": content})
    return job
