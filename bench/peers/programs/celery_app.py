"""Celery with Redis as its broker: `celery --app bench.peers.programs.celery_app worker`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from celery import Celery

from bench.peers.programs.job import run

# Nobody reads results: "Ignore results you don't want" (userguide/tasks, Tips and Best Practices).
app = Celery(broker=os.environ["BENCH_BROKER"], task_ignore_result=True)


@app.task
def noop(content: str) -> None:
    """Run the job."""
    run(content)


class Queue:
    """Publishes through the producer that Celery keeps open; it has no call for many."""

    async def one(self, content: str) -> None:
        """Enqueue one job."""
        noop.delay(content)


@asynccontextmanager
async def opened() -> AsyncIterator[Queue]:
    """Connect with the first job."""
    yield Queue()
