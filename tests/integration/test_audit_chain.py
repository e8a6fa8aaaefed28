"""The audit trail's hash chain: whatever is done to it past the functions, verification finds it."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from functions.migrate.schema import read_migrations
from smartqueue.audit_chain import GENESIS, Kind, link_hash
from smartqueue.cursors import encode_cursor
from smartqueue.store.audit_chain import AuditChainStore
from tests.integration.harness import Plane
from tests.integration.parts import Parts
from tests.integration.trails import NEW_ROW, at, fill, follow, kinds, locked_bucket, tamper, verified


@pytest.fixture
def token(plane: Plane) -> str:
    """Of the ADMIN of tenant-a, whose trail has jobs of every kind in it."""
    return fill(plane)


@pytest.fixture
def bucket(plane: Plane) -> Iterator[Any]:
    """A bucket with Object Lock, empty and new."""
    yield from locked_bucket()


def test_an_untouched_trail_is_whole_by_pages_of_any_size(plane: Plane, token: str) -> None:
    rows = plane.rows("SELECT count(*)::int AS n FROM audit_logs WHERE tenant_id = 'tenant-a'")[0]["n"]
    answer = plane.call("replay", "GET", "/admin/audit-logs/verification", token=token)
    assert (answer.body["checked"], answer.body["problems"], answer.body["nextCursor"]) == (rows, [], None)
    assert answer.body["head"]["position"] == rows > 10
    for limit in ("1", "3", str(rows)):
        assert verified(plane, token, limit=limit) == []


def test_python_computes_what_the_trigger_computed(plane: Plane, parts: Parts, token: str) -> None:
    page = AuditChainStore(parts.environment("seal").database).links(tenant_id="tenant-a", after=0, limit=1000)
    hashes = [GENESIS]
    for link in page.links:
        assert link.values is not None
        hashes.append(link_hash(hashes[-1], link.values))
    assert hashes[1:] == [link.hash for link in page.links]
    assert page.head is not None
    assert (page.head.position, page.head.hash) == (len(page.links), hashes[-1])


EDITS = [
    "UPDATE audit_logs SET details = 'nothing happened' WHERE id = {row}",
    "UPDATE audit_logs SET username = 'somebody' WHERE id = {row}",
    "UPDATE audit_logs SET user_id = NULL WHERE id = {row}",
    "UPDATE audit_logs SET old_state = 'x' WHERE id = {row}",
    "UPDATE audit_logs SET new_state = 'x' WHERE id = {row}",
    "UPDATE audit_logs SET attributes = attributes || '{{\"x\": 1}}' WHERE id = {row}",
    "UPDATE audit_logs SET created_at = created_at + interval '1 microsecond' WHERE id = {row}",
    "UPDATE audit_logs SET action = left(details, 1) || action, details = substr(details, 2) WHERE id = {row}",
]


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_row_is_found(plane: Plane, token: str, edit: str) -> None:
    # The third is a job's creation, which has a user.
    tamper(plane, edit.format(row=at(3)))
    [problem] = verified(plane, token)
    assert (problem["kind"], problem["position"]) == (Kind.EDITED, 3)


def test_a_row_that_was_given_to_another_tenant_is_found_by_both(plane: Plane, token: str, bucket: Any) -> None:
    other = plane.admin("tenant-b", "bob")
    tamper(plane, f"UPDATE audit_logs SET tenant_id = 'tenant-b' WHERE id = {at(3)}")
    # Each sees its half of it.
    assert kinds(verified(plane, token)) == {Kind.REMOVED: 1}
    assert kinds(verified(plane, other)) == {Kind.UNCHAINED: 1}
    report = plane.invoke("seal", {"action": "verify"})
    assert [(problem["tenantId"], problem["kind"]) for problem in report["problems"]] == [("tenant-a", Kind.EDITED)]


LAST = "SELECT audit_id FROM audit_chain WHERE tenant_id = 'tenant-a' ORDER BY position DESC LIMIT 1"
TAMPERINGS: list[tuple[tuple[str, ...], dict[str, int]]] = [
    ((f"DELETE FROM audit_logs WHERE id = {at(3)}",), {Kind.REMOVED: 1}),
    (
        ("DELETE FROM audit_chain WHERE tenant_id = 'tenant-a' AND position = 3",),
        {Kind.BROKEN_LINK: 1, Kind.UNCHAINED: 1},
    ),
    (
        (f"DELETE FROM audit_logs WHERE id = {at(3)}", "DELETE FROM audit_chain WHERE position = 3"),
        {Kind.BROKEN_LINK: 1},
    ),
    (
        (
            f"DELETE FROM audit_logs WHERE id = {at(3)}",
            "DELETE FROM audit_chain WHERE position = 3",
            "UPDATE audit_chain SET position = position - 1000 WHERE position > 3",
            "UPDATE audit_chain SET position = position + 999 WHERE position < 0",
            "UPDATE audit_heads SET position = position - 1",
        ),
        {Kind.EDITED: 1},
    ),
    (
        (
            "UPDATE audit_chain SET position = -1 WHERE position = 3",
            "UPDATE audit_chain SET position = 3 WHERE position = 4",
            "UPDATE audit_chain SET position = 4 WHERE position = -1",
        ),
        {Kind.EDITED: 3},
    ),
    (
        (
            f"DELETE FROM audit_logs WHERE id = ({LAST})",
            f"DELETE FROM audit_chain WHERE audit_id = ({LAST})",
        ),
        {Kind.HEAD_MISMATCH: 1},
    ),
    ((NEW_ROW.replace("%s", "2"),), {Kind.UNCHAINED: 2}),
    (("DELETE FROM audit_heads",), {Kind.HEAD_MISMATCH: 1}),
    (("UPDATE audit_heads SET hash = sha256('x')",), {Kind.HEAD_MISMATCH: 1}),
    (("UPDATE audit_heads SET failed = failed - 1",), {Kind.BOOKS_MISMATCH: 1}),
    (("DELETE FROM audit_logs", "DELETE FROM audit_chain"), {Kind.HEAD_MISMATCH: 1}),
]


@pytest.mark.parametrize(("statements", "found"), TAMPERINGS)
def test_what_was_done_to_the_trail_is_found(
    plane: Plane, token: str, statements: tuple[str, ...], found: dict[str, int]
) -> None:
    # A check of the table would refuse what is only a step on the way.
    tamper(plane, "ALTER TABLE audit_chain DROP CONSTRAINT audit_chain_position_check", *statements)
    try:
        assert kinds(verified(plane, token)) == found
    finally:
        plane.clear()
        plane.rows("ALTER TABLE audit_chain ADD CONSTRAINT audit_chain_position_check CHECK (position > 0)")


def test_a_page_of_another_kind_than_ours_is_refused(plane: Plane, token: str) -> None:
    bad = (["x", ""], ["-1", ""], ["1", "x"], [str(2**64), ""], ["999999", ""], ["1"], ["\u0661", ""])
    for values in bad:
        answer = plane.call(
            "replay", "GET", "/admin/audit-logs/verification", token=token, query={"cursor": encode_cursor(*values)}
        )
        assert answer.status == 422, values


def test_nobody_but_the_trigger_writes_the_chain(plane: Plane, token: str) -> None:
    for table in ("audit_chain", "audit_heads"):
        for sql in (f"DELETE FROM {table}", f"UPDATE {table} SET position = 1", f"TRUNCATE {table}"):
            for role in ("api", "auth", "worker", "monitor", "auditor"):
                secret = plane.database_secret(role)
                with (
                    pytest.raises(psycopg.errors.InsufficientPrivilege),
                    psycopg.connect(
                        plane.postgres.url, user=secret["username"], password=secret["password"]
                    ) as connection,
                ):
                    connection.execute(sql.encode())
    with psycopg.connect(plane.postgres.url) as owner:
        for sql in ("DELETE FROM audit_chain", "UPDATE audit_chain SET position = 1", "DELETE FROM audit_heads"):
            with pytest.raises(psycopg.errors.RaiseException, match="append-only"), owner.transaction():
                owner.execute(sql.encode())


def test_rows_that_were_there_before_the_chain_are_linked_by_the_migration(plane: Plane, parts: Parts) -> None:
    admin = plane.admin()
    plane.submit_many(admin, 3, type="simulate", payload={"durationSeconds": 0})
    plane.drive()
    before = follow(plane, parts, "tenant-a")
    [migration] = [m for m in read_migrations() if m.name.startswith("0003")]
    backfill = migration.sql.split("EXECUTE FUNCTION chain_audit_logs();")[1].split("CREATE OR REPLACE")[0]
    tamper(plane, "DELETE FROM audit_chain", "DELETE FROM audit_heads")
    tamper(plane, backfill)
    head = follow(plane, parts, "tenant-a")
    assert (head.position, head.books) == (before.position, before.books)
    assert plane.call("replay", "GET", "/admin/ledger", token=admin).body["unaccounted"] == 0


def test_a_trail_belongs_to_a_tenant_that_exists(plane: Plane) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        plane.rows(
            "INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)"
            " VALUES ('nobody', 'x', 'JOB_CREATED', 'x', 'x', 'x')"
        )
    assert plane.rows("SELECT * FROM audit_logs") == []
