"""Procrastinate on Postgres: `procrastinate --app bench.peers.programs.procrastinate_app.app worker`."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from procrastinate import App, JobContext, PsycopgConnector

from bench.peers.programs.job import run

# "The shorter your average job execution time, the more your pool will need to contain as many connections as your
# concurrency (plus one)" (discussions, Mind the size of your PostgreSQL pool).
connections = int(os.environ.get("PROCRASTINATE_WORKER_CONCURRENCY", "1")) + 1
app = App(connector=PsycopgConnector(conninfo=os.environ["BENCH_BROKER"], min_size=1, max_size=connections))


@app.task
async def noop(content: str) -> None:
    """Run the job."""
    run(content)


@app.periodic(cron="*/10 * * * *")
@app.task(queueing_lock="retry_stalled_jobs", pass_context=True)
async def retry_stalled_jobs(_context: JobContext, timestamp: int) -> None:  # noqa: ARG001 - its documented signature
    """Run again what a killed worker left, as howto/production/retry_stalled_jobs has it."""
    for job in await app.job_manager.get_stalled_jobs():
        await app.job_manager.retry_job(job)


class Queue:
    """Defers with the async calls."""

    async def one(self, content: str) -> None:
        """Enqueue one job."""
        await noop.defer_async(content=content)

    async def many(self, contents: list[str]) -> None:
        """Enqueue several jobs with one statement."""
        await noop.batch_defer_async(*({"content": content} for content in contents))


@asynccontextmanager
async def opened() -> AsyncIterator[Queue]:
    """Open the pool."""
    async with app.open_async():
        yield Queue()
