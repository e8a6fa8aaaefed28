"""Old audit rows are removed up to heads that were sealed long ago; what is left can be verified as before."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from smartqueue.audit_chain import Kind
from smartqueue.store.audit_chain import AuditChainStore, ChainPage
from tests.integration.aging import (
    age_seals,
    days_later,
    end_days_ago,
    look_until_nothing_is_old,
    submitting_days_ago,
)
from tests.integration.harness import Plane
from tests.integration.parts import Parts
from tests.integration.processes import Workers
from tests.integration.test_isolation import as_role
from tests.integration.trails import at, booked, fill, follow, kinds, locked_bucket, tamper, verified
from tests.integration.worker import Death

CUT_TRAILS = "functions.relay.retention:Retention._cut_trails"
YEARS = 401


@pytest.fixture
def bucket(plane: Plane) -> Iterator[Any]:
    """A bucket with Object Lock, empty and new."""
    yield from locked_bucket()


@pytest.fixture
def token(plane: Plane, bucket: Any) -> str:
    """Of the ADMIN of tenant-a, whose trail has jobs of every kind in it and was sealed."""
    token = fill(plane)
    seal(plane)
    return token


@pytest.fixture
def cut(plane: Plane, token: str) -> int:
    """The position that tenant-a's trail was cut at; there are rows behind it."""
    position = end_of(plane)
    plane.submit_many(token, 3)
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert base_of(plane) == position
    return position


def seal(plane: Plane, *, days: float = 0) -> dict[str, Any]:
    """Seal, so many days later; nothing may be wrong."""
    with days_later(days):
        report: dict[str, Any] = plane.invoke("seal", {})
    assert (report["problems"], report["finished"]) == ([], True)
    return report


def found(plane: Plane, *, days: float = YEARS) -> dict[str, int]:
    """Return what the seal function finds in whole trails so many days after they were sealed."""
    with days_later(days):
        return kinds(plane.invoke("seal", {"action": "verify"})["problems"])


def end_of(plane: Plane, tenant: str = "tenant-a") -> int:
    return int(plane.rows("SELECT position FROM audit_heads WHERE tenant_id = %s", tenant)[0]["position"])


def base_of(plane: Plane, tenant: str = "tenant-a") -> int | None:
    rows = plane.rows("SELECT position FROM audit_bases WHERE tenant_id = %s", tenant)
    return int(rows[0]["position"]) if rows else None


def kept(plane: Plane, tenant: str = "tenant-a") -> list[int]:
    """The positions of the links, all of which must have their rows, as all rows must have links."""
    rows = plane.rows(
        "SELECT c.position, l.id FROM audit_chain c FULL JOIN audit_logs l ON l.id = c.audit_id"
        " WHERE coalesce(c.tenant_id, l.tenant_id) = %s ORDER BY c.position",
        tenant,
    )
    assert all(row["position"] and row["id"] for row in rows)
    return [row["position"] for row in rows]


def test_a_trail_is_cut_at_the_newest_seal_that_is_old_enough(plane: Plane, token: str, parts: Parts) -> None:
    first = end_of(plane)
    plane.submit_many(token, 2)
    seal(plane)
    second = end_of(plane)
    plane.submit_many(token, 2)
    look_until_nothing_is_old(plane)
    assert (base_of(plane), kept(plane)[0]) == (None, 1)

    age_seals(plane, YEARS, up_to=first)
    look_until_nothing_is_old(plane)
    assert (base_of(plane), kept(plane)) == (first, list(range(first + 1, second + 3)))
    assert (verified(plane, token), found(plane)) == ([], {})
    assert follow(plane, parts, "tenant-a").position == second + 2
    assert booked(plane, token)["accepted"] == 8
    page = plane.call("replay", "GET", "/admin/audit-logs/verification", token=token).body
    [base] = plane.rows("SELECT * FROM audit_bases")
    assert page["base"]["position"] == first
    assert page["base"]["hash"] == base["hash"].hex()
    assert page["checked"] == page["head"]["position"] - first

    age_seals(plane, YEARS)
    seal(plane, days=YEARS)
    look_until_nothing_is_old(plane)
    assert (base_of(plane), kept(plane)) == (second, [second + 1, second + 2])
    assert (verified(plane, token), found(plane)) == ([], {})


def test_it_is_whole_after_every_batch_and_for_every_page(
    plane: Plane, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    position = end_of(plane)
    plane.submit_many(token, 3)
    age_seals(plane, YEARS)
    monkeypatch.setattr("functions.relay.retention.AUDIT_ROWS_AT_ONCE", 5)
    left = position + 3
    while left > 3:
        plane.look()
        now = len(kept(plane))
        assert now == max(left - 5, 3)
        left = now
        assert base_of(plane) == position
        for limit in ("1", "2", "1000"):
            assert verified(plane, token, limit=limit) == []
        assert found(plane) == {}
    seal(plane, days=YEARS)


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_relay_that_dies_while_it_cuts_leaves_a_whole_trail(
    plane: Plane, workers: Workers, token: str, when: str
) -> None:
    position = end_of(plane)
    plane.submit_many(token, 3)
    age_seals(plane, YEARS)
    workers.crash("relay", {}, Death(when, CUT_TRAILS), RELAY_RUN_SECONDS="20")
    assert base_of(plane) == (position if when == "after" else None)
    assert (verified(plane, token), found(plane)) == ([], {})
    look_until_nothing_is_old(plane)
    assert kept(plane) == [position + 1, position + 2, position + 3]
    assert (verified(plane, token), found(plane)) == ([], {})


def test_a_trail_may_be_cut_to_its_end_and_grows_from_there(plane: Plane, token: str) -> None:
    position = end_of(plane)
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert (base_of(plane), kept(plane)) == (position, [])
    assert (verified(plane, token), found(plane)) == ([], {})
    # Sealing it again every day makes its seal no younger.
    seal(plane, days=YEARS)
    assert plane.rows("SELECT count(*)::int AS n FROM audit_seals") == [{"n": 1}]
    plane.submit(token)
    assert kept(plane) == [position + 1]
    assert (verified(plane, token), found(plane)) == ([], {})
    assert seal(plane, days=YEARS + 1)["checked"] == 1


def test_jobs_go_first_and_their_stories_later(plane: Plane, bucket: Any) -> None:
    token = plane.admin()
    with submitting_days_ago(500):
        job = plane.simulate(token)
    plane.deliver("process", plane.records())
    end_days_ago(plane, 91)
    plane.look()
    story = plane.call("replay", "GET", "/admin/audit-logs/{jobId}", token=token, jobId=job)
    assert story.body["items"][0]["action"] == "JOB_REMOVED"
    seal(plane)
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert plane.call("replay", "GET", "/admin/audit-logs/{jobId}", token=token, jobId=job).status == 404
    assert booked(plane, token) == {"accepted": 1, "removed": 1}
    assert (verified(plane, token), found(plane)) == ([], {})


def test_a_page_that_was_begun_before_the_cut_goes_on_behind_it(plane: Plane, token: str) -> None:
    page = plane.call("replay", "GET", "/admin/audit-logs/verification", token=token, query={"limit": "3"}).body
    plane.submit_many(token, 4)
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    query = {"limit": "1000", "cursor": page["nextCursor"]}
    answer = plane.call("replay", "GET", "/admin/audit-logs/verification", token=token, query=query)
    assert (answer.status, answer.body["problems"], answer.body["checked"]) == (200, [], 4)


def test_a_trail_that_is_cut_while_it_is_verified_is_whole(
    plane: Plane, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plane.submit_many(token, 4)
    age_seals(plane, YEARS)
    monkeypatch.setattr("functions.seal.auditor.PAGE", 2)
    links = AuditChainStore.links
    pages: list[ChainPage] = []

    def cut_behind_the_second(store: AuditChainStore, *, tenant_id: str, after: int, limit: int) -> ChainPage:
        if len(pages) == 2:
            look_until_nothing_is_old(plane)
        page = links(store, tenant_id=tenant_id, after=after, limit=limit)
        pages.append(page)
        return page

    monkeypatch.setattr(AuditChainStore, "links", cut_behind_the_second)
    assert found(plane) == {}
    assert pages[1].base is None
    assert pages[2].base is not None
    assert pages[2].links[0].position == pages[2].base.head.position + 1 > pages[1].links[-1].position + 1


def test_a_trail_with_a_problem_is_not_cut_any_further(plane: Plane, token: str) -> None:
    position = end_of(plane)
    plane.submit_many(token, 2)
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(position + 1)}")
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.EDITED: 1}
    assert plane.rows("SELECT max(position) AS n FROM audit_seals") == [{"n": position}]
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert (base_of(plane), kept(plane)) == (position, [position + 1, position + 2])
    assert found(plane) == {Kind.EDITED: 1}


def test_a_chain_that_was_computed_anew_is_not_cut_at_the_seal_of_the_old_one(plane: Plane, token: str) -> None:
    age_seals(plane, YEARS)
    tamper(plane, f"UPDATE audit_chain SET hash = sha256('x') WHERE position = {end_of(plane)}")
    plane.look()
    assert base_of(plane) is None


def test_tenants_are_cut_each_at_its_own_seals(plane: Plane, token: str) -> None:
    bob = plane.admin("tenant-b", "bob")
    plane.submit_many(bob, 3)
    seal(plane)
    before = kept(plane, "tenant-b")
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert (base_of(plane, "tenant-b"), kept(plane, "tenant-b")) == (None, before)
    assert kept(plane) == []
    for one in (token, bob):
        assert verified(plane, one) == []
    assert plane.call("replay", "GET", "/admin/audit-logs/verification", token=bob).body["base"] is None
    assert found(plane) == {}


def test_one_batch_goes_on_from_tenant_to_tenant(plane: Plane, token: str) -> None:
    tenants = [f"tenant-{name}" for name in "bcd"]
    for number, tenant in enumerate(tenants):
        plane.submit_many(plane.admin(tenant, f"user-{number}"), 2)
    seal(plane)
    for tenant in ("tenant-a", *tenants):
        age_seals(plane, YEARS, tenant=tenant)
    plane.look()
    assert plane.rows("SELECT count(*)::int AS n FROM audit_bases WHERE cleared = position") == [{"n": 4}]
    assert plane.rows("SELECT * FROM audit_logs") == plane.rows("SELECT * FROM audit_chain") == []


def test_what_a_stage_keeps_for_ever_is_not_cut(plane: Plane, token: str) -> None:
    age_seals(plane, 5000)
    plane.configure(RETENTION_AUDIT_DAYS="0")
    plane.look()
    assert base_of(plane) is None


TAMPERINGS: list[tuple[tuple[str, ...], Kind]] = [
    (("UPDATE audit_logs SET details = 'nothing happened' WHERE id = {first}",), Kind.EDITED),
    (("DELETE FROM audit_logs WHERE id = {first}",), Kind.REMOVED),
    (
        ("DELETE FROM audit_logs WHERE id = {first}", "DELETE FROM audit_chain WHERE position = {next}"),
        Kind.BROKEN_LINK,
    ),
    (("UPDATE audit_heads SET failed = failed - 1",), Kind.BOOKS_MISMATCH),
    (("UPDATE audit_heads SET removed = removed + 1",), Kind.BOOKS_MISMATCH),
    (("DELETE FROM audit_logs", "DELETE FROM audit_chain"), Kind.HEAD_MISMATCH),
    # The base itself.
    (("UPDATE audit_bases SET hash = sha256('x')",), Kind.EDITED),
    (("UPDATE audit_bases SET accepted = accepted + 1, removed = removed + 1",), Kind.BOOKS_MISMATCH),
    (("UPDATE audit_bases SET position = position - 1, cleared = 0",), Kind.BROKEN_LINK),
    (("UPDATE audit_bases SET position = position + 1",), Kind.EDITED),
    (("DELETE FROM audit_bases",), Kind.BROKEN_LINK),
]


@pytest.mark.parametrize(("statements", "kind"), TAMPERINGS)
def test_what_was_done_to_a_trail_that_was_cut_is_found(
    plane: Plane, token: str, cut: int, statements: tuple[str, ...], kind: Kind
) -> None:
    assert verified(plane, token) == []
    tamper(plane, *(statement.format(first=at(cut + 1), next=cut + 1) for statement in statements))
    assert kind in kinds(verified(plane, token))
    assert kind in found(plane)


def test_a_base_that_fits_its_rows_and_has_no_old_seal_is_found_by_the_seals(
    plane: Plane, token: str, cut: int
) -> None:
    """The database alone cannot tell: somebody who knows all of it cut the trail before its time."""
    seal(plane, days=YEARS)
    plane.submit_many(token, 2)
    last = end_of(plane)
    tamper(
        plane,
        "UPDATE audit_bases b SET position = h.position, hash = h.hash, accepted = h.accepted, pending = h.pending,"
        " processing = h.processing, completed = h.completed, failed = h.failed, cancelled = h.cancelled,"
        " removed = h.removed, cleared = h.position FROM audit_heads h WHERE h.tenant_id = b.tenant_id",
        "DELETE FROM audit_logs",
        "DELETE FROM audit_chain",
    )
    assert verified(plane, token) == []
    assert kinds(plane.invoke("seal", {"action": "verify"})["problems"]) == {Kind.BASE_MISMATCH: 1}
    # The daily seal notices as well, and its seal makes it no better.
    for days in (YEARS + 1, YEARS + 2):
        with days_later(days):
            [problem] = plane.invoke("seal", {})["problems"]
        assert (problem["kind"], problem["position"]) == (Kind.BASE_MISMATCH, last)
    # Nor does the trail go on from there.
    assert plane.rows("SELECT max(position) AS n FROM audit_seals WHERE position >= %s", last) == [{"n": None}]


def test_a_cut_before_its_time_by_way_of_a_seal_that_was_made_older_is_found(plane: Plane, token: str) -> None:
    age_seals(plane, YEARS)
    look_until_nothing_is_old(plane)
    assert verified(plane, token) == []
    # For the seal itself is of today.
    assert found(plane, days=1) == {Kind.BASE_MISMATCH: 1}
    assert found(plane, days=YEARS) == {}


def test_a_seal_of_another_tenant_or_of_nowhere_confirms_nothing(plane: Plane, token: str, cut: int) -> None:
    with days_later(YEARS):
        for name in ("heads/2026/01/01/none.json", "elsewhere", "heads/"):
            tamper(plane, f"UPDATE audit_bases SET seal = '{name}'")
            problems = plane.invoke("seal", {})["problems"]
            assert kinds(problems) == {Kind.BASE_MISMATCH: 1}, name


def test_nobody_cuts_a_trail_before_its_time(plane: Plane, token: str, cut: int) -> None:
    seal(plane, days=YEARS)
    with psycopg.connect(plane.postgres.url) as owner:
        for sql, refusal in (
            ("SELECT cut_audit_trails(0, 1000)", "sealed more than seven days ago"),
            ("DELETE FROM audit_logs", "append-only"),
            ("DELETE FROM audit_chain", "append-only"),
            ("DELETE FROM audit_seals", "append-only"),
            ("DELETE FROM audit_bases", "append-only"),
            ("UPDATE audit_seals SET sealed_at = now() - interval '10 days'", "append-only"),
            ("UPDATE audit_bases SET position = position + 1", "sealed more than seven days ago"),
            ("UPDATE audit_bases SET accepted = 0", "sealed more than seven days ago"),
            ("UPDATE audit_bases SET tenant_id = 'tenant-b'", "sealed more than seven days ago"),
        ):
            with pytest.raises(psycopg.errors.RaiseException, match=refusal), owner.transaction():
                owner.execute(sql.encode())
    with pytest.raises(psycopg.errors.RaiseException, match="sealed more than seven days ago"):
        as_role(plane, "worker", "SELECT cut_audit_trails(0, 1000)")
    assert base_of(plane) == cut
    assert kept(plane)[0] == cut + 1
    # The auditor says what was sealed, and the database says when.
    [made] = plane.rows(
        "SELECT now() - sealed_at < interval '1 hour' AS fresh FROM audit_seals WHERE position > %s", cut
    )
    assert made == {"fresh": True}
