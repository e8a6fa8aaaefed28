"""Read jobs: one, many, or one job's story."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.query.models import JobPage, Step, Timeline
from functions.query.settings import Settings
from smartqueue.cursors import DEFAULT_LIMIT, MAX_LIMIT, cut_page, encode_cursor, read_page
from smartqueue.database import Row
from smartqueue.environment import Environment
from smartqueue.errors import NotFoundError
from smartqueue.http import Api
from smartqueue.ids import is_id
from smartqueue.jobs import JobView, Status
from smartqueue.store.audit import AuditStore
from smartqueue.store.jobs import JobStore
from smartqueue.vocabulary import Category, Priority

MAX_STEPS = 500


environment = Environment(Settings)


@cache
def jobs() -> JobStore:
    """Return the job store."""
    return JobStore(environment.database)


@cache
def audit() -> AuditStore:
    """Return the audit store."""
    return AuditStore(environment.database)


api = Api(allowed_origins=environment.allowed_origins, verify=environment.verify)
app = api.app


@app.get("/jobs", tags=["Jobs"], summary="List jobs, newest first")
def list_jobs(
    status: Status | None = None,
    category: Category | None = None,
    priority: Priority | None = None,
    type: str | None = None,  # noqa: A002
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> JobPage:
    """All of the tenant's jobs, or those that match every filter given."""
    rows = jobs().browse(
        tenant_id=api.principal.tenant_id,
        page=read_page(cursor, limit),
        status=status,
        job_type=type,
        category=category,
        priority=priority,
    )
    page, following = cut_page(
        rows, limit, lambda row: encode_cursor(row["created_at"].isoformat(), str(row["job_id"]))
    )
    return JobPage(items=[JobView.from_row(row) for row in page], next_cursor=following)


@app.get("/jobs/<job_id>", tags=["Jobs"], summary="Show a job")
def get_job(job_id: str) -> JobView:
    """One job of the tenant."""
    return JobView.from_row(_find(job_id))


@app.get("/jobs/<job_id>/timeline", tags=["Jobs"], summary="Show a job's story")
def get_timeline(job_id: str) -> Timeline:
    """Every step of one job, oldest first, with the times of its retries."""
    row = _find(job_id)
    steps = audit().timeline(str(row["job_id"]), tenant_id=api.principal.tenant_id, limit=MAX_STEPS + 1)
    return Timeline(
        job_id=str(row["job_id"]),
        status=row["status"],
        attempts=row["attempt"],
        correlation_id=row["correlation_id"],
        next_attempt_at=row["next_attempt_at"],
        steps=[Step.from_row(step) for step in steps[:MAX_STEPS]],
        truncated=len(steps) > MAX_STEPS,
    )


def _find(job_id: str) -> Row:
    row = jobs().find(job_id, tenant_id=api.principal.tenant_id) if is_id(job_id) else None
    if row is None:
        raise NotFoundError("There is no such job.")
    return row


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
