"""The audit trail's hash chain: whatever is done to it past the functions, verification finds it."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from typing import Any

import boto3
import psycopg
import pytest
from botocore.exceptions import ClientError

from functions.migrate.schema import read_migrations
from functions.seal.models import SealDocument
from functions.seal.seals import Seals
from functions.submit.models import JobBody
from smartqueue.audit_chain import GENESIS, Head, Kind, Verifier, link_hash
from smartqueue.cursors import encode_cursor
from smartqueue.store.audit_chain import AuditChainStore
from tests.integration.harness import Plane
from tests.integration.parts import Parts, at_once
from tests.integration.wiring import SEAL_BUCKET

NEW_ROW = (
    "INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)"
    " SELECT 'tenant-a', 'mallory', 'JOB_CLASSIFIED', 'x', 'row ' || n, 'c' FROM generate_series(1, %s) AS n"
)


def tamper(plane: Plane, *statements: str) -> None:
    """Do what only a superuser can: change tables with all triggers off."""
    with psycopg.connect(plane.postgres.superuser_url) as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


def rewrite(plane: Plane, *, tenant: str = "tenant-a") -> None:
    """Compute a tenant's whole chain anew over the rows that are there, as somebody who knows how would do it."""
    tamper(
        plane,
        f"DELETE FROM audit_chain WHERE tenant_id = '{tenant}'",
        "INSERT INTO audit_chain SELECT tenant_id, row_number() OVER chain, id, audit_hash("
        "decode(repeat('00', 32), 'hex'), audit_text(id, tenant_id, user_id, username, action, entity_id, old_state,"
        f" new_state, details, attributes, correlation_id, created_at)) OVER chain FROM audit_logs"
        f" WHERE tenant_id = '{tenant}' WINDOW chain AS (ORDER BY id)",
        "UPDATE audit_heads h SET position = c.position, hash = c.hash FROM audit_chain c"
        f" WHERE h.tenant_id = '{tenant}' AND c.tenant_id = h.tenant_id AND c.position ="
        " (SELECT max(position) FROM audit_chain x WHERE x.tenant_id = h.tenant_id)",
    )


def at(position: int, tenant: str = "tenant-a") -> str:
    """The id of the row at a position, as SQL."""
    return f"(SELECT audit_id FROM audit_chain WHERE tenant_id = '{tenant}' AND position = {position})"


def verified(plane: Plane, token: str, **query: str) -> list[dict[str, Any]]:
    """Verify a tenant's trail by the API, all its pages."""
    problems, cursor = [], ""
    while True:
        given = {**query, **({"cursor": cursor} if cursor else {})}
        answer = plane.call("replay", "GET", "/admin/audit-logs/verification", token=token, query=given)
        assert answer.status == 200, answer
        problems += answer.body["problems"]
        cursor = answer.body["nextCursor"]
        if not cursor:
            return problems


def kinds(problems: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(problem["kind"] for problem in problems))


@pytest.fixture
def bucket(plane: Plane) -> Iterator[Any]:
    """A bucket with Object Lock, empty and new."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=SEAL_BUCKET, ObjectLockEnabledForBucket=True)
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 1}}
    client.put_object_lock_configuration(
        Bucket=SEAL_BUCKET, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    yield client
    for page in client.get_paginator("list_object_versions").paginate(Bucket=SEAL_BUCKET):
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            client.delete_object(
                Bucket=SEAL_BUCKET,
                Key=version["Key"],
                VersionId=version["VersionId"],
                BypassGovernanceRetention=True,
            )
    client.delete_bucket(Bucket=SEAL_BUCKET)


@pytest.fixture
def token(plane: Plane) -> str:
    """Of the ADMIN of tenant-a, whose trail has jobs of every kind in it."""
    admin = plane.admin()
    plane.submit_many(admin, 3, title="Datenbank kaputt \u2013 \U0001f4a5", description="ein\nZeilenumbruch")
    plane.simulate(admin, failTimes=9, retry={"count": 0})
    plane.drive()
    return admin


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


def test_a_rewritten_chain_is_found_by_a_sealed_head_alone(plane: Plane, token: str, bucket: Any) -> None:
    report = plane.invoke("seal", {})
    assert (report["problems"], report["finished"], report["tenants"]) == ([], True, 1)
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    rewrite(plane)
    # Consistent in itself: the database alone cannot tell.
    assert verified(plane, token) == []
    report = plane.invoke("seal", {"action": "verify"})
    assert kinds(report["problems"]) == {Kind.HEAD_MISMATCH: 1}
    # The daily seal starts behind what was sealed, and notices as well.
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.HEAD_MISMATCH: 1}
    # A problem stays one until somebody has looked into it: tomorrow's seal does not start from today's.
    plane.submit(token)
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.HEAD_MISMATCH: 1}


def test_a_tenant_that_was_removed_with_its_trail_is_missed(plane: Plane, token: str, bucket: Any) -> None:
    plane.admin("tenant-b", "bob")
    plane.invoke("seal", {})
    tables = ("outbox", "audit_heads", "audit_chain", "audit_logs", "jobs", "users", "tenants")
    tamper(plane, *(f"DELETE FROM {table} WHERE tenant_id = 'tenant-b'" for table in tables))
    for event in ({"action": "verify"}, {"action": "verify", "tenantId": "tenant-b"}, {}):
        [problem] = plane.invoke("seal", event)["problems"]
        assert (problem["tenantId"], problem["kind"]) == ("tenant-b", Kind.HEAD_MISMATCH)
    assert plane.invoke("seal", {"action": "verify", "tenantId": "tenant-a"})["problems"] == []


def test_every_day_only_what_is_new_is_verified(plane: Plane, token: str, bucket: Any) -> None:
    first = plane.invoke("seal", {})
    assert first["checked"] > 10
    plane.submit_many(token, 4)
    second = plane.invoke("seal", {})
    assert (second["checked"], second["problemCount"]) == (4, 0)
    assert first["key"] < second["key"]
    whole = plane.invoke("seal", {"action": "verify"})
    assert (whole["checked"], whole["problemCount"]) == (first["checked"] + 4, 0)
    # What is new is looked at with its links and without.
    tamper(plane, NEW_ROW.replace("%s", "1"))
    assert kinds(plane.invoke("seal", {})["problems"]) == {Kind.UNCHAINED: 1}


def test_an_edit_behind_the_last_seal_is_found_by_verifying_all(plane: Plane, token: str, bucket: Any) -> None:
    plane.invoke("seal", {})
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    assert plane.invoke("seal", {})["problems"] == []
    [problem] = plane.invoke("seal", {"action": "verify"})["problems"]
    assert (problem["kind"], problem["position"]) == (Kind.EDITED, 3)


def test_a_seal_is_kept_whatever_is_done_to_its_object(plane: Plane, token: str, bucket: Any) -> None:
    key = plane.invoke("seal", {})["key"]
    [version] = bucket.list_object_versions(Bucket=SEAL_BUCKET)["Versions"]
    with pytest.raises(ClientError, match="AccessDenied"):
        bucket.delete_object(Bucket=SEAL_BUCKET, Key=key, VersionId=version["VersionId"])
    bucket.delete_object(Bucket=SEAL_BUCKET, Key=key)
    bucket.put_object(Bucket=SEAL_BUCKET, Key=key, Body=b"{}", ChecksumAlgorithm="SHA256")
    bucket.put_object(Bucket=SEAL_BUCKET, Key="heads/2026/01/01/junk.json", Body=b"junk", ChecksumAlgorithm="SHA256")
    seals = Seals(bucket, SEAL_BUCKET)
    [seal] = seals.all()
    assert seal.key() == key
    assert seals.latest() == seal
    tamper(plane, f"UPDATE audit_logs SET details = 'nothing happened' WHERE id = {at(3)}")
    rewrite(plane)
    assert kinds(plane.invoke("seal", {"action": "verify"})["problems"]) == {Kind.HEAD_MISMATCH: 1}


def test_no_seal_takes_anothers_place(plane: Plane, token: str, bucket: Any) -> None:
    plane.invoke("seal", {})
    seals = Seals(bucket, SEAL_BUCKET)
    seal = seals.latest()
    assert seal is not None
    with pytest.raises(ClientError, match="PreconditionFailed"):
        seals.write(SealDocument(stage="test", sealed_at=seal.sealed_at, tenants=[]))
    assert seals.latest() == seal


def test_what_was_found_is_told_by_a_gauge(
    plane: Plane, token: str, bucket: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    plane.invoke("seal", {})
    tamper(plane, f"DELETE FROM audit_logs WHERE id = {at(3)}")
    plane.invoke("seal", {"action": "verify"})
    # One tenant's good news is no news of the others.
    plane.invoke("seal", {"action": "verify", "tenantId": "nobody"})
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "audit_problems" in line]
    assert [line["audit_problems"] for line in lines] == [[0.0], [1.0]]


def test_another_action_is_refused(plane: Plane, bucket: Any) -> None:
    with pytest.raises(ValueError, match="there is no action 'erase'"):
        plane.invoke("seal", {"action": "erase"})


def test_time_that_runs_out_is_told_and_the_next_seal_goes_on_from_there(
    plane: Plane, token: str, bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.seal.auditor.PAGE", 5)
    first = plane.invoke("seal", {}, seconds=1)
    assert (first["finished"], first["checked"], first["problemCount"]) == (False, 5, 0)
    second = plane.invoke("seal", {}, seconds=1)
    assert (second["finished"], second["checked"], second["problemCount"]) == (False, 5, 0)
    last = plane.invoke("seal", {})
    assert (last["finished"], last["problemCount"]) == (True, 0)
    assert plane.invoke("seal", {})["checked"] == 0


def follow(plane: Plane, parts: Parts, tenant: str) -> Head:
    """Verify a chain and its books, and return its head."""
    page = AuditChainStore(parts.environment("seal").database).links(tenant_id=tenant, after=0, limit=100_000)
    verifier = Verifier(tenant_id=tenant)
    assert [*verifier.follow(page.links), *verifier.finish(page.head)] == []
    assert page.head is not None
    return page.head


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
        }


def test_batches_with_clashing_keys_go_through_together(plane: Plane, parts: Parts) -> None:
    callers = [parts.principal(plane.admin(tenant, user)) for tenant, user in (("tenant-a", "al"), ("tenant-b", "bo"))]

    def submit(number: int) -> int:
        submission, fresh = parts.submission(), 0
        caller = callers[number % 2]
        for turn in range(8):
            body = JobBody.model_validate({"title": f"job {turn}"})
            jobs = [
                submission.prepare(body, caller=caller, correlation_id="c", key=f"key-{turn}-{n}") for n in range(10)
            ]
            outcomes = submission.submit(jobs if number < 4 else jobs[::-1], caller=caller)
            fresh += sum(not outcome.replayed for outcome in outcomes)  # type: ignore[union-attr]
        return fresh

    outcomes = at_once(*(partial(submit, number) for number in range(8)))
    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert sum(outcomes) == 160  # type: ignore[arg-type]
    for tenant in ("tenant-a", "tenant-b"):
        head = follow(plane, parts, tenant)
        assert (head.position, head.books and head.books.accepted) == (81, 80)


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
