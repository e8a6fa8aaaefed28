"""Pretended work for demos and load tests: takes as long and fails as often as it is told."""

import asyncio
import random
from typing import Annotated, Any, Literal

from pydantic import Field

from smartqueue.errors import PermanentError, RetryableError
from smartqueue.job_types.base import JobPayload, JobType, RunningJob, Services
from smartqueue.models import Number, Whole


class SimulatePayload(JobPayload):
    """failureRate is a chance per attempt; failTimes fails the first so many attempts, whatever the rate."""

    duration_seconds: Annotated[Number, Field(ge=0, le=60)] = 0.5
    failure_rate: Annotated[Number, Field(ge=0, le=1)] = 0.0
    fail_times: Annotated[Whole, Field(ge=0, le=100)] = 0
    failure: Literal["retryable", "permanent"] = "retryable"


async def run(job: RunningJob, services: Services) -> dict[str, Any]:  # noqa: ARG001
    """Sleep, then succeed or fail as the payload says."""
    payload = SimulatePayload.model_validate(job.payload)
    await asyncio.sleep(payload.duration_seconds)
    if job.attempt <= payload.fail_times or random.random() < payload.failure_rate:  # noqa: S311
        message = f"simulated failure of attempt {job.attempt}"
        raise PermanentError(message) if payload.failure == "permanent" else RetryableError(message)
    return {"simulated": True, "durationSeconds": payload.duration_seconds}


JOB_TYPE = JobType(
    name="simulate",
    summary="Sleeps and fails as told; only where the stage allows it.",
    payload=SimulatePayload,
    run=run,
    demo_only=True,
)
