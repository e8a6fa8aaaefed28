"""The bodies that the submit function takes and gives."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from smartqueue.jobs import JobView
from smartqueue.models import ApiModel, Body, Number, Whole

MAX_BATCH = 100


class RetryBody(Body):
    """A back-off of the job's own: count retries, the first after baseSeconds, doubling."""

    count: Annotated[Whole, Field(ge=0, le=10)] | None = None
    base_seconds: Annotated[Number, Field(ge=0.1, le=60)] | None = None


class JobBody(Body):
    """A job to submit. payload: what the job's type asks for."""

    title: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    description: Annotated[str, StringConstraints(max_length=10_000)] = ""
    type: Annotated[str, StringConstraints(max_length=50)] = "ticket"
    payload: dict[str, Any] = Field(default_factory=dict)
    retry: RetryBody = Field(default_factory=RetryBody)
    timeout_seconds: Annotated[Number, Field(ge=1, le=30)] = 10.0


class BatchBody(Body):
    """Up to 100 jobs. Each is checked by itself, so that one mistake does not cost the others."""

    jobs: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MAX_BATCH)]


class BatchItem(ApiModel):
    """What became of one job of a batch: the job, or the problem with its body."""

    index: int
    status: int
    job: JobView | None = None
    detail: str | None = None
    errors: list[dict[str, str]] | None = None


class BatchResult(ApiModel):
    """One item per job, in the order in which they were sent."""

    created: int
    rejected: int
    items: list[BatchItem]
