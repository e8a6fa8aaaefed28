"""Chains that many connections write to at the same time."""

from dataclasses import asdict
from functools import partial

import psycopg

from functions.submit.models import JobBody
from tests.integration.harness import Plane
from tests.integration.parts import Parts, at_once
from tests.integration.trails import follow


def test_one_tenants_rows_come_from_many_connections_without_a_gap(plane: Plane, parts: Parts) -> None:
    caller = parts.principal(plane.admin())
    body = JobBody.model_validate({"title": "a job"})

    def submit_often(number: int) -> None:
        submission = parts.submission()
        for turn in range(15):
            job = submission.prepare(body, caller=caller, correlation_id=f"c-{number}-{turn}", key=None)
            submission.submit([job], caller=caller)

    assert at_once(*(partial(submit_often, number) for number in range(8))) == [None] * 8
    head = follow(plane, parts, "tenant-a")
    assert head.position == plane.rows("SELECT count(*) AS n FROM audit_logs")[0]["n"] == 121
    assert head.books is not None
    assert (head.books.accepted, head.books.pending) == (120, 120)


def test_statements_of_many_tenants_wait_for_one_another_and_never_deadlock(plane: Plane, parts: Parts) -> None:
    tenants = [f"tenant-{n}" for n in range(6)]
    plane.rows("INSERT INTO tenants (tenant_id) SELECT unnest(%s::text[])", tenants)
    sql = (
        "INSERT INTO audit_logs (tenant_id, username, action, entity_id, old_state, new_state, details, correlation_id)"
        " SELECT t, 'system', CASE WHEN n = 1 THEN 'JOB_CREATED' ELSE 'JOB_STATUS_CHANGED' END, n::text,"
        " CASE WHEN n > 1 THEN 'PENDING' END, 'PENDING', 'x', 'c'"
        " FROM unnest(%s::text[]) WITH ORDINALITY AS u (t, place), generate_series(1, 3) AS n ORDER BY place, n"
    )

    def write(number: int) -> None:
        with psycopg.connect(plane.postgres.url, autocommit=True) as connection:
            for turn in range(20):
                # Each its own order, and heads that exist and that do not.
                order = tenants[turn % 6 :] + tenants[: turn % 6]
                connection.execute(sql, (order if number % 2 else order[::-1],))

    assert at_once(*(partial(write, number) for number in range(6))) == [None] * 6
    for tenant in tenants:
        head = follow(plane, parts, tenant)
        assert head.position == 360
        assert head.books is not None
        assert asdict(head.books) == {
            "accepted": 120,
            "pending": 120,
            "processing": 0,
            "completed": 0,
            "failed": 0,
            "cancelled": 0,
            "removed": 0,
        }


def test_batches_with_clashing_keys_go_through_together(plane: Plane, parts: Parts) -> None:
    callers = [parts.principal(plane.admin(tenant, user)) for tenant, user in (("tenant-a", "al"), ("tenant-b", "bo"))]

    def submit(number: int) -> int:
        submission, fresh = parts.submission(), 0
        caller = callers[number % 2]
        for turn in range(8):
            body = JobBody.model_validate({"title": f"job {turn}"})
            jobs = [
                submission.prepare(body, caller=caller, correlation_id="c", key=f"key-{turn}-{n}") for n in range(50)
            ]
            outcomes = submission.submit(jobs if number < 4 else jobs[::-1], caller=caller)
            fresh += sum(not outcome.replayed for outcome in outcomes)  # type: ignore[union-attr]
        return fresh

    outcomes = at_once(*(partial(submit, number) for number in range(8)))
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert sum(outcomes) == 800  # type: ignore[arg-type]
    for tenant in ("tenant-a", "tenant-b"):
        head = follow(plane, parts, tenant)
        assert (head.position, head.books and head.books.accepted) == (401, 400)
