"""Doing things to the audit trail that nobody may do, and looking whether they are found."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import boto3
import psycopg

from smartqueue.audit_chain import Head, Verifier
from smartqueue.store.audit_chain import AuditChainStore
from tests.integration.harness import Plane
from tests.integration.parts import Parts
from tests.integration.wiring import SEAL_BUCKET

STATES = ("pending", "processing", "completed", "failed", "cancelled", "removed")
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


def ledger(plane: Plane, token: str) -> dict[str, int]:
    """Ask for a tenant's ledger by the API."""
    answer = plane.call("replay", "GET", "/admin/ledger", token=token)
    assert answer.status == 200, answer
    return dict(answer.body)


def booked(plane: Plane, token: str) -> dict[str, int]:
    """Return the ledger, which must balance, without its zeros."""
    found = ledger(plane, token)
    assert found["accepted"] == sum(found[state] for state in STATES)
    assert found["unaccounted"] == 0
    return {name: number for name, number in found.items() if number}


def kinds(problems: list[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(problem["kind"] for problem in problems))


def follow(plane: Plane, parts: Parts, tenant: str) -> Head:
    """Verify a chain and its books, and return its head."""
    page = AuditChainStore(parts.environment("seal").database).links(tenant_id=tenant, after=0, limit=100_000)
    assert page.start is not None
    verifier = Verifier(tenant_id=tenant, start=page.start)
    assert [*verifier.follow(page.links), *verifier.finish(page.head)] == []
    assert page.head is not None
    return page.head


def fill(plane: Plane) -> str:
    """Found tenant-a, let its trail have jobs of every kind in it, and return its ADMIN's token."""
    admin = plane.admin()
    plane.submit_many(admin, 3, title="Datenbank kaputt \u2013 \U0001f4a5", description="ein\nZeilenumbruch")
    plane.simulate(admin, failTimes=9, retry={"count": 0})
    plane.drive()
    return admin


def locked_bucket() -> Iterator[Any]:
    """Make a bucket with Object Lock for seals, give its client, and remove it in the end."""
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
