"""What an ADMIN does about dead letters, and the audit trail."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler.openapi.params import Query

from functions.replay.dead_letters import Bulk, DeadLetters
from functions.replay.models import (
    AuditPage,
    AuditVerification,
    BulkBody,
    BulkResult,
    DeadLetterPage,
    DeadLetterView,
    LedgerView,
)
from functions.replay.settings import Settings
from functions.replay.verification import verify_page
from smartqueue.cursors import DEFAULT_LIMIT, MAX_LIMIT, bad_cursor, cut_page, decode_cursor, encode_cursor, read_page
from smartqueue.database import Row
from smartqueue.environment import Environment
from smartqueue.errors import NotFoundError
from smartqueue.http import Api
from smartqueue.ids import is_id
from smartqueue.jobs import Action, JobView
from smartqueue.logs import job_fields, logger
from smartqueue.metrics import Counter, metered
from smartqueue.store.audit import AuditLogView, AuditStore
from smartqueue.store.audit_chain import AuditChainStore
from smartqueue.store.jobs import DeadFilters, JobStore
from smartqueue.store.ledger import LedgerStore
from smartqueue.vocabulary import Category, Priority

Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
# Links are short, and checking them is cheap.
MANY_LINKS = 1000
LinkLimit = Annotated[int, Query(ge=1, le=MANY_LINKS)]
NO_SUCH_JOB = "There is no such job."


environment = Environment(Settings)


@cache
def jobs() -> JobStore:
    """Return the job store."""
    return JobStore(environment.database)


@cache
def audit() -> AuditStore:
    """Return the audit store."""
    return AuditStore(environment.database)


@cache
def dead_letters() -> DeadLetters:
    """Return the dead letters."""
    return DeadLetters(jobs(), environment.outbox)


api = Api(allowed_origins=environment.allowed_origins, verify=environment.verify)
app = api.app


@app.post("/admin/jobs/<job_id>/replay", tags=["Dead letters"], summary="Replay a failed job")
def replay_job(job_id: str) -> JobView:
    """Start one failed job anew: attempt 0, all its retries again. 409 if it is anything else."""
    job = dead_letters().replay_one(job_id, caller=api.principal, correlation_id=api.correlation_id)
    with metered(environment.cache) as meter:
        meter.count(Counter.JOBS_REPLAYED)
    logger().info("job replayed", extra=job_fields(job.job_id, job.tenant_id, job.correlation_id))
    return job


@app.get("/admin/dlq", tags=["Dead letters"], summary="List dead letters, the latest failure first")
def list_dead_letters(
    type: str | None = None,  # noqa: A002
    category: Category | None = None,
    priority: Priority | None = None,
    reason: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> DeadLetterPage:
    """Failed jobs that were neither replayed nor discarded. `reason`: part of the failure reason, any case."""
    rows = jobs().browse_dead(
        tenant_id=api.principal.tenant_id,
        page=read_page(cursor, limit),
        filters=DeadFilters(type=type, category=category, priority=priority, reason=reason),
    )
    page, following = cut_page(
        rows, limit, lambda row: encode_cursor(row["completed_at"].isoformat(), str(row["job_id"]))
    )
    return DeadLetterPage(items=[DeadLetterView.from_row(row) for row in page], next_cursor=following)


@app.post("/admin/dlq/replay", tags=["Dead letters"], summary="Replay all dead letters that match")
def replay_dead_letters(body: BulkBody) -> BulkResult:
    """At most `limit` in one call; `more` says whether to call again."""
    bulk = dead_letters().replay_matching(
        body.filters(), limit=body.limit, caller=api.principal, correlation_id=api.correlation_id
    )
    return _tell(bulk, Counter.JOBS_REPLAYED, "job replayed")


@app.post("/admin/dlq/discard", tags=["Dead letters"], summary="Discard all dead letters that match")
def discard_dead_letters(body: BulkBody) -> BulkResult:
    """They stay FAILED and cannot be replayed any more. At most `limit` in one call."""
    bulk = dead_letters().discard_matching(
        body.filters(), limit=body.limit, caller=api.principal, correlation_id=api.correlation_id
    )
    return _tell(bulk, Counter.JOBS_DISCARDED, "job discarded")


@app.get("/admin/audit-logs", tags=["Audit"], summary="List audit rows, newest first")
def list_audit_logs(
    action: Action | None = None,
    username: str | None = None,
    limit: Limit = DEFAULT_LIMIT,
    cursor: str | None = None,
) -> AuditPage:
    """Everything that was done in the tenant."""
    return _audit_page(None, action, username, limit, cursor)


@app.get("/admin/audit-logs/<job_id>", tags=["Audit"], summary="List a job's audit rows, newest first")
def list_job_audit_logs(job_id: str, limit: Limit = DEFAULT_LIMIT, cursor: str | None = None) -> AuditPage:
    """Everything that was done to one job of the tenant, be it removed long since."""
    if not is_id(job_id):
        raise NotFoundError(NO_SUCH_JOB)
    page = _audit_page(job_id.lower(), None, None, limit, cursor)
    if not (page.items or cursor) and jobs().find(job_id, tenant_id=api.principal.tenant_id) is None:
        raise NotFoundError(NO_SUCH_JOB)
    return page


@app.get("/admin/audit-logs/verification", tags=["Audit"], summary="Verify the audit trail, oldest rows first")
def verify_audit_logs(limit: LinkLimit = MANY_LINKS, cursor: str | None = None) -> AuditVerification:
    """Computes the hash chain of the tenant's audit rows again, a page at a time, and tells what does not fit."""
    page = verify_page(
        AuditChainStore(environment.database), tenant_id=api.principal.tenant_id, cursor=cursor, limit=limit
    )
    return AuditVerification.from_page(page)


@app.get("/admin/ledger", tags=["Audit"], summary="Compare the jobs with the audit trail")
def show_ledger() -> LedgerView:
    """Whether every job of the tenant that was ever accepted is in the state that the audit trail says, or removed."""
    return LedgerView.model_validate(LedgerStore(environment.database).of_tenant(api.principal.tenant_id))


def _audit_page(
    entity_id: str | None, action: Action | None, username: str | None, limit: int, cursor: str | None
) -> AuditPage:
    before = decode_cursor(cursor, 1)[0] if cursor else None
    if before is not None and not is_id(before):
        raise bad_cursor()
    rows = audit().browse(
        tenant_id=api.principal.tenant_id,
        limit=limit + 1,
        before_id=before,
        entity_id=entity_id,
        action=action,
        username=username,
    )
    page, following = cut_page(rows, limit, _audit_cursor)
    return AuditPage(items=[AuditLogView.from_row(row) for row in page], next_cursor=following)


def _audit_cursor(row: Row) -> str:
    return encode_cursor(str(row["id"]))


def _tell(bulk: Bulk, counter: Counter, message: str) -> BulkResult:
    with metered(environment.cache) as meter:
        meter.count(counter, len(bulk.done))
    for job in bulk.done:
        logger().info(message, extra=job_fields(job.job_id, job.tenant_id, job.correlation_id))
    return BulkResult(
        count=len(bulk.done),
        job_ids=[job.job_id for job in bulk.done],
        skipped=[job.job_id for job in bulk.skipped],
        more=bulk.more,
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer one API Gateway request."""
    return api.serve(event, context)
