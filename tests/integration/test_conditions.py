"""Each condition of a statement by itself: all others are met, and it alone refuses.

Many of them are a second or third wall: what they stop, another condition would stop as well on the ways that the
service takes today.
"""

from collections.abc import Callable
from dataclasses import replace

import psycopg
import pytest

from smartqueue.events import JOB_EVENTS, Message
from smartqueue.ids import new_id
from smartqueue.jobs import Action, Actor, Job, Move, Status
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.audit import AuditStore
from smartqueue.store.classifications import ClassificationStore, ClassifiedJob
from smartqueue.store.jobs import DeadFilters, JobStore, Page
from smartqueue.store.queries import load
from tests.integration.harness import Plane
from tests.integration.parts import Parts

ADMIN = Actor(username="alice", user_id=new_id())


@pytest.fixture
def pending(plane: Plane) -> Job:
    """A job of tenant-a that waits for a worker."""
    return Job.from_row(plane.job(plane.simulate(plane.admin())))


@pytest.fixture
def dead(plane: Plane) -> Job:
    """A job of tenant-a on the dead-letter list."""
    job_id = plane.simulate(plane.admin(), failTimes=1, retry={"count": 0})
    plane.deliver("process", plane.records())
    return Job.from_row(plane.job(job_id))


def cancel(job: Job) -> Move:
    return Move(job=job, to=Status.CANCELLED, action=Action.JOB_CANCELLED, actor=ADMIN, details="x")


def replay(job: Job) -> Move:
    return Move(job=job, to=Status.PENDING, action=Action.JOB_REPLAYED, actor=ADMIN, details="x", attempt=0)


@pytest.mark.parametrize(
    "known",
    [
        {"status": Status.FAILED},
        {"lease_token": new_id()},
        {"tenant_id": "tenant-b"},
    ],
    ids=["state", "lease", "tenant"],
)
def test_a_move_is_made_only_from_what_it_was_decided_on(
    plane: Plane, parts: Parts, pending: Job, known: dict[str, str]
) -> None:
    store = parts.environment("process").jobs
    wrong = replace(pending, **known)  # type: ignore[arg-type]
    move = replay(wrong) if wrong.status is Status.FAILED else cancel(wrong)
    assert store.move([move]) == set()
    assert (plane.job(pending.job_id)["version"], len(plane.steps(pending.job_id))) == (0, 1)
    assert store.move([cancel(pending)]) == {pending.job_id}


def test_a_job_that_was_discarded_is_not_moved(plane: Plane, parts: Parts, dead: Job) -> None:
    plane.rows("UPDATE jobs SET discarded_at = now()")
    assert parts.environment("process").jobs.move([replay(dead)]) == set()


def test_discarding_takes_failed_jobs_of_the_tenant_in_the_version_that_was_seen(
    plane: Plane, parts: Parts, dead: Job
) -> None:
    # As the owner, whom row-level security does not bind: the statement alone must refuse.
    store = JobStore(parts.environment("migrate").database)

    def discard(job: tuple[str, int], tenant: str = "tenant-a") -> set[str]:
        return store.discard([job], tenant_id=tenant, user=ADMIN, details="x", request_correlation_id="x")

    assert discard((dead.job_id, dead.version - 1)) == set()
    assert discard((dead.job_id, dead.version), tenant="tenant-b") == set()
    assert discard((dead.job_id, dead.version)) == {dead.job_id}
    assert plane.steps(dead.job_id)[-1] == ("JOB_DISCARDED", "FAILED", "FAILED")
    again = plane.job(dead.job_id)["version"]
    assert discard((dead.job_id, again)) == set(), "once"


def test_a_job_that_did_not_fail_is_not_discarded(parts: Parts, pending: Job) -> None:
    store = parts.environment("submit").jobs
    taken = store.discard(
        [(pending.job_id, pending.version)], tenant_id="tenant-a", user=ADMIN, details="x", request_correlation_id="x"
    )
    assert taken == set()


def test_a_lease_is_extended_by_its_holder_only(plane: Plane, parts: Parts, pending: Job) -> None:
    store = AttemptStore(parts.environment("process").database)
    lease = new_id()
    plane.rows(
        "UPDATE jobs SET status = 'PROCESSING', lease_token = %s, lease_expires_at = now() - interval '1 s'", lease
    )
    assert store.extend([pending.job_id], lease_token=new_id(), lease_seconds=60) == set()
    assert [str(row["job_id"]) for row in store.find_expired(limit=9)] == [pending.job_id]
    assert store.extend([pending.job_id], lease_token=lease, lease_seconds=60) == {pending.job_id}
    assert store.find_expired(limit=9) == []


@pytest.mark.parametrize("read", ["find", "browse", "browse_dead", "timeline", "browse the trail"])
def test_every_reading_statement_names_the_tenant_itself(parts: Parts, dead: Job, read: str) -> None:
    """As the owner, whom row-level security does not bind."""
    database = parts.environment("migrate").database
    jobs, audit = JobStore(database), AuditStore(database)
    page = Page(limit=9)
    reads: dict[str, Callable[[str], object]] = {
        "find": lambda tenant: jobs.find(dead.job_id, tenant_id=tenant),
        "browse": lambda tenant: jobs.browse(tenant_id=tenant, page=page),
        "browse_dead": lambda tenant: jobs.browse_dead(tenant_id=tenant, page=page, filters=DeadFilters()),
        "timeline": lambda tenant: audit.timeline(dead.job_id, tenant_id=tenant, limit=9),
        "browse the trail": lambda tenant: audit.browse(tenant_id=tenant, limit=9),
    }
    assert reads[read]("tenant-a")
    assert not reads[read]("tenant-b")


def test_the_holder_of_a_key_is_looked_for_in_the_tenant_only(plane: Plane, parts: Parts) -> None:
    for tenant, username in (("tenant-a", "alice"), ("tenant-b", "bob")):
        answer = plane.call(
            "submit",
            "POST",
            "/jobs",
            {"title": "a job"},
            token=plane.admin(tenant, username),
            headers={"Idempotency-Key": "k"},
        )
        assert answer.status == 201, answer
    query = load("jobs")["find_by_idempotency_keys"]
    database = parts.environment("migrate").database
    [held] = database.query(query, {"tenant_id": "tenant-b", "keys": ["k"]})
    assert held["tenant_id"] == "tenant-b"


def test_a_verdict_is_written_once_and_for_its_own_tenant(plane: Plane, parts: Parts, pending: Job) -> None:
    store = ClassificationStore(parts.environment("classify").database)

    def write(category: str, tenant: str = "tenant-a") -> dict[str, str | None]:
        event = Message(topic=JOB_EVENTS, key=pending.job_id, value="{}", correlation_id="c", tenant_id=tenant)
        verdict = ClassifiedJob(
            job_id=pending.job_id,
            tenant_id=tenant,
            category=category,
            priority="LOW",
            confidence_score=1.0,
            source="AI",
            cached=False,
            recommended_action="x",
            details="x",
            attributes={},
            event=replace(event, id=new_id()),
        )
        return store.write([verdict], username="x")

    assert write("Network", tenant="tenant-b") == {}
    assert write("Database") == {pending.job_id: None}
    assert write("Network") == {}
    assert plane.job(pending.job_id)["category"] == "Database"
    assert [step for step, _, _ in plane.steps(pending.job_id)] == ["JOB_CREATED", "JOB_CLASSIFIED"]


def test_the_tenant_of_a_statement_is_forgotten_with_its_transaction(parts: Parts, pending: Job) -> None:
    environment = parts.environment("submit")
    assert environment.jobs.find(pending.job_id, tenant_id="tenant-a") is not None
    assert environment.database.query("SELECT job_id FROM jobs", {}) == []


def test_two_relays_take_different_rows(plane: Plane, parts: Parts, pending: Job) -> None:
    first, second = parts.environment("relay"), parts.environment("relay")
    plane.rows(
        "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)"
        " SELECT uuidv7(), 'tenant-a', 'job-results', 'k', '{}', '{\"correlation_id\": \"c\"}', now()"
        " FROM generate_series(1, 3)"
    )
    with first.database.transaction() as connection:
        taken = connection.execute(first.outbox._sql["take_due"], {"limit": 2}).fetchall()
        second.database.connection().execute("SET lock_timeout = '5 s'")
        try:
            published = second.outbox.publish_due(limit=9)
        except psycopg.errors.LockNotAvailable:
            pytest.fail("the second relay waits for the first")
    assert len(taken) == 2
    assert len(published) == 1
    assert {message.id for message in published}.isdisjoint(str(row["id"]) for row in taken)
