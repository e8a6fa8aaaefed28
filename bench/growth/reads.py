"""The queries that change nothing, each with what it is asked; repeated, they find their pages in memory."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain, cycle, islice

from bench.growth.sites import BIG, PAGE_ROWS, SMALL, Site
from smartqueue.events import EventType, JobEvent, event_message
from smartqueue.ids import new_id
from smartqueue.jobs import Actor
from smartqueue.store.jobs import DeadFilters, NewJob, Page

Call = Callable[[], object]
FIRST = Page(limit=PAGE_ROWS)
STRANDED_SECONDS = 900.0
LINKS = 1000
USER = Actor(username="olga", user_id="00000000-0000-7000-8000-000000000000")


@dataclass(frozen=True)
class Read:
    """calls: the executions, made once for each site. is_hot: whether it must not grow; others count what there is."""

    name: str
    what: str
    calls: Callable[[Site], list[Call]]
    is_hot: bool = True


def _find(site: Site) -> list[Call]:
    return [partial(site.jobs.find, job, tenant_id=tenant) for job, tenant in site.known_jobs]


def _timeline(site: Site) -> list[Call]:
    return [partial(site.audit.timeline, job, tenant_id=tenant, limit=501) for job, tenant in site.known_jobs]


def _key(site: Site) -> list[Call]:
    """Submitting with a key that was used before: nothing is inserted, the holder is found."""
    return [
        partial(
            site.jobs.insert,
            [new_job(row["tenant_id"], key=row["idempotency_key"])],
            tenant_id=row["tenant_id"],
            user=USER,
        )
        for row in site.known_keys
    ]


def _list_first(site: Site) -> list[Call]:
    return _both(lambda tenant: [_jobs(site, tenant, FIRST)])


def _list_deep(site: Site) -> list[Call]:
    return _both(lambda tenant: [_jobs(site, tenant, page) for page in site.deep_pages(tenant, 5)])


def _list_filtered(
    **filters: str,
) -> Callable[[Site], list[Call]]:
    """First and deep pages of the big tenant's jobs that match."""
    return lambda site: [_jobs(site, BIG, page, **filters) for page in (FIRST, *site.deep_pages(BIG, 3))]


def _dead_first(site: Site) -> list[Call]:
    return [lambda: site.jobs.browse_dead(tenant_id=BIG, page=FIRST, filters=DeadFilters())]


def _dead_deep(site: Site) -> list[Call]:
    return [
        partial(site.jobs.browse_dead, tenant_id=BIG, page=page, filters=DeadFilters())
        for page in site.deep_dead_pages(10)
    ]


def _dead_none(site: Site) -> list[Call]:
    return [lambda: site.jobs.browse_dead(tenant_id=BIG, page=FIRST, filters=DeadFilters(reason="no such reason"))]


def _dead_named(site: Site) -> list[Call]:
    filters = DeadFilters(job_ids=site.dead_job_ids(50))
    return [lambda: site.jobs.browse_dead(tenant_id=BIG, page=Page(limit=101), filters=filters)]


def _audit_first(site: Site) -> list[Call]:
    return _both(lambda tenant: [lambda: site.audit.browse(tenant_id=tenant, limit=PAGE_ROWS)])


def _audit_deep(site: Site) -> list[Call]:
    return _both(lambda tenant: [_audit(site, tenant, before_id=before) for before in site.deep_audit_ids(5)])


def _audit_filtered(**filters: str) -> Callable[[Site], list[Call]]:
    return lambda site: [
        _audit(site, BIG, **filters),
        *(_audit(site, BIG, before_id=before, **filters) for before in site.deep_audit_ids(3)),
    ]


def _audit_job(site: Site) -> list[Call]:
    return [_audit(site, tenant, entity_id=job) for job, tenant in site.known_jobs]


def _chain(site: Site) -> list[Call]:
    """A page of the verification from the middle of the chain."""
    [head] = site.rows("SELECT position FROM audit_heads WHERE tenant_id = %(tenant)s", tenant=BIG)
    [link] = site.rows(
        "SELECT position, audit_id FROM audit_chain WHERE tenant_id = %(tenant)s AND position <= %(position)s"
        " ORDER BY position DESC LIMIT 1",
        tenant=BIG,
        position=head["position"] - 2 * LINKS,
    ) or [{"position": 0, "audit_id": None}]
    after_id = None if link["audit_id"] is None else str(link["audit_id"])
    return [lambda: site.chain.both(tenant_id=BIG, after=link["position"], after_id=after_id, limit=LINKS)]


READS = (
    Read("find", "find one job", _find),
    Read("timeline", "one job's timeline", _timeline),
    Read("key", "submit with a key used before", _key),
    Read("list-first", "list jobs, first page", _list_first),
    Read("list-deep", "list jobs, a page far in", _list_deep),
    Read("list-completed", "list jobs, status of most", _list_filtered(status="COMPLETED")),
    Read("list-failed", "list jobs, status of some", _list_filtered(status="FAILED")),
    Read("list-running", "list jobs, status of hardly any", _list_filtered(status="PROCESSING")),
    Read("list-type", "list jobs, type of a tenth", _list_filtered(job_type="webhook")),
    Read("list-category", "list jobs, category and priority", _list_filtered(category="Database", priority="LOW")),
    Read("list-rare", "list jobs, one in 20,000 matches", _list_filtered(category="Network", priority="HIGH")),
    Read("list-none", "list jobs, none matches", _list_filtered(job_type="nothing")),
    Read("dead-first", "list dead letters, first page", _dead_first),
    Read("dead-deep", "list dead letters, a page far in", _dead_deep),
    Read("dead-named", "50 dead letters by their ids", _dead_named, is_hot=False),
    Read("dead-none", "list dead letters, no reason matches", _dead_none),
    Read("audit-first", "list audit rows, first page", _audit_first),
    Read("audit-deep", "list audit rows, a page far in", _audit_deep),
    Read("audit-action", "list audit rows, a third matches", _audit_filtered(action="JOB_CREATED")),
    Read("audit-rare", "list audit rows, none matches", _audit_filtered(action="JOB_DISCARDED", username="nobody")),
    Read("audit-job", "list one job's audit rows", _audit_job),
    Read("verify", f"{LINKS} links of the audit chain", _chain, is_hot=False),
    Read("expired", "find expired leases", lambda site: [lambda: site.attempts.find_expired(limit=100)]),
    Read(
        "stranded",
        "find stranded jobs",
        lambda site: [lambda: site.attempts.find_stranded(stranded_seconds=STRANDED_SECONDS, limit=100)],
    ),
    Read("gauges", "gauges", lambda site: [site.attempts.gauges, site.gauges.gauges], is_hot=False),
    Read(
        "ledger-small",
        "ledger of a small tenant",
        lambda site: [lambda: site.ledger.of_tenant(SMALL[0])],
        is_hot=False,
    ),
    Read("ledger-big", "ledger of the big tenant", lambda site: [lambda: site.ledger.of_tenant(BIG)], is_hot=False),
    Read("ledger-all", "ledger of all tenants", lambda site: [site.all_ledgers.unaccounted], is_hot=False),
)


def new_job(tenant_id: str, *, key: str | None = None, job_type: str = "simulate") -> NewJob:
    """Return a job with 300 bytes of payload."""
    job_id = new_id()
    created = JobEvent(
        event_type=EventType.JOB_CREATED,
        job_id=job_id,
        tenant_id=tenant_id,
        attempt=1,
        status="PENDING",
        correlation_id=job_id,
        type=job_type,
        title="The order service cannot reach its database",
        description="Since this morning every tenth request ends in a timeout.",
    )
    return NewJob(
        job_id=job_id,
        type=job_type,
        title=created.title or "",
        description=created.description or "",
        payload={"durationSeconds": 0, "note": "x" * 270},
        max_retries=3,
        retry_base_seconds=2.0,
        timeout_seconds=30.0,
        awaits_classification=job_type == "ticket",
        correlation_id=job_id,
        idempotency_key=key,
        request_hash=None if key is None else "0" * 64,
        created=event_message(created),
    )


def _jobs(site: Site, tenant: str, page: Page, **filters: str) -> Call:
    return lambda: site.jobs.browse(tenant_id=tenant, page=page, **filters)


def _audit(site: Site, tenant: str, **filters: str) -> Call:
    return lambda: site.audit.browse(tenant_id=tenant, limit=PAGE_ROWS, **filters)


def _both(calls: Callable[[str], Iterable[Call]]) -> list[Call]:
    """Return calls of the big tenant and of small ones in turn."""
    small = list(chain.from_iterable(calls(tenant) for tenant in SMALL))
    return [call for pair in zip(islice(cycle(calls(BIG)), len(small)), small, strict=True) for call in pair]
