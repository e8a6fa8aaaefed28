"""The proof that nothing was lost or rewritten, as it is deployed: the routes, the sealed heads, the command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from localstack.aws import client
from localstack.verification import verify
from tests.e2e.client import Caller, Tenant
from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    import httpx2

    from tests.e2e.cloud import LocalCloud

PROTECTED = {"audit_logs": "audit_logs_are_append_only", "audit_chain": "audit_chain_is_append_only"}
RENAME = "UPDATE audit_logs SET username = %(to)s WHERE tenant_id = %(tenant)s AND username = %(from)s"
LINK_ANEW = """
UPDATE audit_chain c SET hash = n.hash FROM (
    SELECT c.position, audit_hash(decode(repeat('00', 32), 'hex'), audit_text(l.id, l.tenant_id, l.user_id, l.username,
        l.action, l.entity_id, l.old_state, l.new_state, l.details, l.attributes, l.correlation_id, l.created_at))
        OVER (ORDER BY c.position) AS hash
    FROM audit_chain c JOIN audit_logs l ON l.id = c.audit_id WHERE c.tenant_id = %(tenant)s
) AS n WHERE c.tenant_id = %(tenant)s AND c.position = n.position
"""
HEAD_ANEW = """
UPDATE audit_heads h SET hash = c.hash FROM audit_chain c
WHERE h.tenant_id = %(tenant)s AND c.tenant_id = h.tenant_id AND c.position = h.position
"""


@pytest.fixture(scope="module")
def proven(anonymous: Caller) -> Tenant:
    """A tenant with jobs that ended in every way."""
    tenant = Tenant.found(anonymous, "proven")
    done = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0})
    dead = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0, "failTimes": 9}, retry={"count": 0})
    tenant.admin.wait_for(done["jobId"], "COMPLETED", classified=True)
    tenant.admin.wait_for(dead["jobId"], "FAILED", classified=True)
    return tenant


def seal(cloud: LocalCloud) -> dict[str, Any]:
    """Seal as the schedule does."""
    functions = client("lambda", cloud.endpoints.aws, read_timeout_seconds=60)
    answer = functions.invoke(FunctionName="smartqueue-local-seal", Payload=b"{}")
    report: dict[str, Any] = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, report
    return report


def rewrite(cloud: LocalCloud, tenant: Tenant, username: str, other: str) -> None:
    """Put another name on what somebody did, as the owner of the database who knows how the chain is made."""
    names = {"tenant": tenant.tenant_id, "from": username, "to": other}
    with psycopg.connect(cloud.endpoints.database_url) as connection:
        for table, trigger in PROTECTED.items():
            connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}".encode())
        for statement in (RENAME, LINK_ANEW, HEAD_ANEW):
            connection.execute(statement.encode(), names)
        for table, trigger in PROTECTED.items():
            connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}".encode())


def test_an_admin_verifies_the_trail_and_the_books(proven: Tenant) -> None:
    page = proven.admin.get("/admin/audit-logs/verification", limit=3)
    checked = page["checked"]
    while page["nextCursor"]:
        assert page["problems"] == []
        page = proven.admin.get("/admin/audit-logs/verification", limit=3, cursor=page["nextCursor"])
        checked += page["checked"]
    assert checked == page["head"]["position"] == len(proven.admin.get("/admin/audit-logs", limit=100)["items"])
    assert proven.admin.get("/admin/ledger") == {
        "accepted": 2,
        "pending": 0,
        "processing": 0,
        "completed": 1,
        "failed": 1,
        "cancelled": 0,
        "removed": 0,
        "unaccounted": 0,
    }


def test_an_owner_who_rewrites_the_trail_and_its_chain_is_found_out(cloud: LocalCloud, proven: Tenant) -> None:
    assert (seal(cloud)["problemCount"], verify(cloud.endpoints, proven.tenant_id).sound) == (0, True)
    rewrite(cloud, proven, proven.admin_name, "somebody-else")
    try:
        # Nothing in the database shows it.
        assert proven.admin.get("/admin/audit-logs/verification")["problems"] == []
        found = verify(cloud.endpoints, proven.tenant_id)
        assert {problem["kind"] for problem in found.problems} == {"HEAD_MISMATCH"}
        assert {problem["tenantId"] for problem in found.problems} == {proven.tenant_id}
    finally:
        rewrite(cloud, proven, "somebody-else", proven.admin_name)
    assert "are as they were written" in cloud.run("verify")


def test_what_was_measured_is_among_the_metrics(cloud: LocalCloud, http: httpx2.Client, proven: Tenant) -> None:
    seal(cloud)
    wait_until(lambda: "jobs_unaccounted" in cloud.scrape(http), "the relay's count of the jobs", seconds=90)
    found = cloud.scrape(http)
    assert (found["jobs_unaccounted"], found["audit_problems"]) == (0, 0)
