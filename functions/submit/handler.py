"""Submit jobs, one or many, and cancel them."""

from functools import cache
from http import HTTPStatus
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Header

from functions.submit.batch import submit_batch
from functions.submit.cancellation import Cancellation
from functions.submit.models import BatchBody, BatchResult, JobBody
from functions.submit.quota import Quota
from functions.submit.settings import Settings
from functions.submit.submission import Submission
from smartqueue.cors import IDEMPOTENCY_REPLAYED
from smartqueue.environment import Environment
from smartqueue.errors import ConflictError
from smartqueue.http import Api
from smartqueue.jobs import JobView
from smartqueue.logs import job_fields, logger
from smartqueue.metrics import Counter, metered
from smartqueue.store.jobs import JobStore

IdempotencyKey = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$"),
]


environment = Environment(Settings)


@cache
def store() -> JobStore:
    """Return the job store."""
    return JobStore(environment.database)


@cache
def submission() -> Submission:
    """Return the submitting service."""
    return Submission(store(), environment.outbox, environment.settings)


@cache
def quota() -> Quota:
    """Return the tenants' quota."""
    return Quota(environment.cache, jobs_per_minute=environment.settings.submit_quota_per_minute)


api = Api(allowed_origins=environment.allowed_origins, verify=environment.verify)
app = api.app


@app.post(
    "/jobs",
    status_code=HTTPStatus.CREATED,
    tags=["Jobs"],
    summary="Submit a job",
    description="Answers 201 once the job is durable; with an Idempotency-Key seen before, 200 and the earlier job.",
)
def submit_job(body: JobBody, idempotency_key: IdempotencyKey = None) -> Response[JobView]:
    """Submit one job."""
    quota().take(api.principal.tenant_id, 1)
    job = submission().prepare(body, caller=api.principal, correlation_id=api.correlation_id, key=idempotency_key)
    outcome = submission().submit([job], caller=api.principal)[0]
    if isinstance(outcome, ConflictError):
        raise outcome
    _tell_created([] if outcome.replayed else [outcome.job])
    return Response(
        status_code=HTTPStatus.OK if outcome.replayed else HTTPStatus.CREATED,
        content_type="application/json",
        body=outcome.job,
        headers={IDEMPOTENCY_REPLAYED: "true"} if outcome.replayed else {},
    )


@app.post(
    "/jobs/batch",
    tags=["Jobs"],
    summary="Submit up to 100 jobs",
    description="Each is judged by itself: the answer has one item per job, in the same order.",
)
def submit_jobs(body: BatchBody, idempotency_key: IdempotencyKey = None) -> BatchResult:
    """Submit many jobs."""
    quota().take(api.principal.tenant_id, len(body.jobs))
    result = submit_batch(
        submission(), body, caller=api.principal, correlation_id=api.correlation_id, key=idempotency_key
    )
    _tell_created([i.job for i in result.items if i.job is not None and i.status == HTTPStatus.CREATED])
    return result


@app.post("/jobs/<job_id>/cancel", tags=["Jobs"], summary="Cancel a job that has not started")
def cancel_job(job_id: str) -> JobView:
    """Cancel a pending job."""
    job = Cancellation(store(), environment.outbox).cancel(
        job_id, caller=api.principal, correlation_id=api.correlation_id
    )
    with metered(environment.cache) as meter:
        meter.count(Counter.JOBS_CANCELLED)
    logger().info("job cancelled", extra=job_fields(job.job_id, job.tenant_id, job.correlation_id))
    return job


def _tell_created(jobs: list[JobView]) -> None:
    with metered(environment.cache) as meter:
        meter.count(Counter.JOBS_CREATED, len(jobs))
    for job in jobs:
        logger().info(
            "job created", extra={**job_fields(job.job_id, job.tenant_id, job.correlation_id), "type": job.type}
        )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
