"""Running the handlers of claimed jobs, all at once, each with a deadline of its own."""

import asyncio
import json
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from smartqueue.errors import JobError, PermanentError, RetryableError
from smartqueue.failpoints import boundary
from smartqueue.job_types import JobType, RunningJob, Services
from smartqueue.logs import job_fields

# The size of the trigger's batches, so that all start at once: whoever waited for a slow neighbour, of another tenant
# maybe, would have less than its own time left in the invocation.
MAX_CONCURRENCY = 100
MAX_RESULT_BYTES = 64 * 1024
# The escape of NUL, which PostgreSQL cannot keep; behind an escaped backslash it is only text that looks like one.
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a handler ended: a result or an error, and how long it took."""

    result: dict[str, Any] | None
    error: JobError | None
    duration_seconds: float


class Executor:
    """Runs handlers by job type."""

    def __init__(self, job_types: dict[str, JobType], services: Services) -> None:
        self._job_types = job_types
        self._services = services

    def run_all(self, jobs: Sequence[RunningJob], *, budget_seconds: float) -> list[Outcome]:
        """Run the jobs' handlers and return their outcomes in the same order.

        budget_seconds: what the invocation has left; a handler that is not done by then is cut off and may be
        tried again.
        """
        return asyncio.run(self._run_all(jobs, time.monotonic() + budget_seconds))

    async def _run_all(self, jobs: Sequence[RunningJob], deadline: float) -> list[Outcome]:
        limit = asyncio.Semaphore(MAX_CONCURRENCY)

        async def run_limited(job: RunningJob) -> Outcome:
            async with limit:
                return await self._run_one(job, deadline)

        return list(await asyncio.gather(*map(run_limited, jobs)))

    async def _run_one(self, job: RunningJob, deadline: float) -> Outcome:
        started = time.monotonic()
        seconds = min(job.timeout_seconds, deadline - started)
        result: dict[str, Any] | None = None
        failure: JobError | None = None
        try:
            job_type = self._job_types.get(job.type)
            if job_type is None:
                raise PermanentError(f"this processor has no handler for the type {job.type}")  # noqa: TRY301
            if seconds <= 0:
                raise RetryableError("the processor ran out of time before it could start")  # noqa: TRY301
            async with asyncio.timeout(seconds):
                with boundary("handler", RuntimeError):
                    result = _storable(await job_type.run(job, self._services))
        except JobError as error:
            failure = error
        except TimeoutError:
            failure = RetryableError(f"the handler did not finish within {seconds:.3g} seconds")
        except Exception as error:  # a handler's bug must cost its own job only
            log.exception("handler broke", extra=job_fields(job.job_id, job.tenant_id, job.correlation_id))
            failure = RetryableError(f"the handler broke: {type(error).__name__}")
        return Outcome(result=result, error=failure, duration_seconds=time.monotonic() - started)


def _storable(result: dict[str, Any]) -> dict[str, Any]:
    """Return a handler's result as JSON keeps it.

    Raises TypeError or ValueError for what neither Postgres nor Kafka takes: found only when the batch is written, it
    would cost all the other jobs their outcomes too.
    """
    if not isinstance(result, dict):
        raise TypeError("a result must be a dict")
    text = json.dumps(result, allow_nan=False, ensure_ascii=False)
    if len(text.encode()) > MAX_RESULT_BYTES or _NUL.search(text):
        raise ValueError("a result must be small and without NUL characters")
    stored: dict[str, Any] = json.loads(text)
    return stored
