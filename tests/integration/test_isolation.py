"""The second wall: what the database itself refuses, whatever the code asks for."""

from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from tests.integration.harness import ROLES, Answer, Plane
from tests.integration.trails import tamper

TABLES = ("jobs", "audit_logs", "outbox", "audit_chain", "audit_heads", "audit_bases")


def as_role(plane: Plane, role: str, sql: str, *parameters: object, tenant: str | None = None) -> list[dict[str, Any]]:
    """Run a statement as one of the functions' roles, with the tenant set as the code sets it."""
    secret = plane.database_secret(role)
    with psycopg.connect(
        host=plane.postgres.host,
        port=plane.postgres.port,
        dbname=plane.postgres.database,
        user=secret["username"],
        password=secret["password"],
        row_factory=dict_row,
    ) as connection:
        if tenant is not None:
            connection.execute("SELECT set_config('smartqueue.tenant_id', %s, true)", (tenant,))
        cursor = connection.execute(sql.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else [{"rows": cursor.rowcount}]


@pytest.fixture
def two_tenants(plane: Plane) -> tuple[str, str]:
    """One dead job each for tenant-a and tenant-b, with an outbox row."""
    jobs = []
    for tenant, username in (("tenant-a", "alice"), ("tenant-b", "bob")):
        jobs.append(plane.simulate(plane.admin(tenant, username), failTimes=9, retry={"count": 0}))
        plane.deliver("process", plane.records())
        plane.rows(
            "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)"
            " VALUES (uuidv7(), %s, 'job-results', 'k', '{}', '{}', now() + interval '1 hour')",
            tenant,
        )
    # Trails that begin in their middle, as they would after a year.
    tamper(
        plane,
        "INSERT INTO audit_bases SELECT tenant_id, 1, hash, 0, 0, 0, 0, 0, 0, 0, 'heads/1.json', now(), 1"
        " FROM audit_chain WHERE position = 1",
    )
    return jobs[0], jobs[1]


@pytest.mark.parametrize("table", TABLES)
def test_the_api_sees_its_tenants_rows_only(plane: Plane, two_tenants: tuple[str, str], table: str) -> None:
    sql = f"SELECT DISTINCT tenant_id FROM {table}"
    assert as_role(plane, "api", sql, tenant="tenant-a") == [{"tenant_id": "tenant-a"}]
    assert as_role(plane, "api", sql, tenant="tenant-b") == [{"tenant_id": "tenant-b"}]
    assert as_role(plane, "api", sql, tenant="tenant-c") == []
    assert as_role(plane, "api", sql) == []
    assert as_role(plane, "api", sql, tenant="") == []


def test_the_api_changes_nothing_of_another_tenant(plane: Plane, two_tenants: tuple[str, str]) -> None:
    ours, theirs = two_tenants
    change = "UPDATE jobs SET status = 'PENDING', completed_at = NULL WHERE job_id = %s"
    assert as_role(plane, "api", change, theirs, tenant="tenant-a") == [{"rows": 0}]
    assert as_role(plane, "api", change, theirs) == [{"rows": 0}]
    assert as_role(plane, "api", "DELETE FROM outbox WHERE tenant_id = 'tenant-b'", tenant="tenant-a") == [{"rows": 0}]
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="row-level security"):
        as_role(
            plane,
            "api",
            "INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)"
            " VALUES ('tenant-b', 'x', 'x', 'x', 'x', 'x')",
            tenant="tenant-a",
        )
    assert plane.job(theirs)["status"] == plane.job(ours)["status"] == "FAILED"


def test_nobody_can_change_the_audit_trail_not_even_the_owner(plane: Plane, two_tenants: tuple[str, str]) -> None:
    before = plane.rows("SELECT * FROM audit_logs ORDER BY id")
    for sql in ("UPDATE audit_logs SET details = 'x'", "DELETE FROM audit_logs", "TRUNCATE audit_logs"):
        for role in ROLES:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                as_role(plane, role, sql, tenant="tenant-a")
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            as_role(plane, "owner", sql)
    assert plane.rows("SELECT * FROM audit_logs ORDER BY id") == before


@pytest.mark.parametrize(
    ("role", "sql"),
    [
        ("api", "SELECT password_hash FROM users"),
        ("api", "SELECT webhook_url FROM tenants"),
        ("api", "DELETE FROM jobs"),
        ("api", "UPDATE jobs SET tenant_id = 'tenant-b'"),
        ("api", "UPDATE jobs SET title = 'x'"),
        ("worker", "SELECT password_hash FROM users"),
        ("worker", "DELETE FROM jobs"),
        ("worker", "SELECT * FROM audit_logs"),
        ("auth", "SELECT title FROM jobs"),
        ("auth", "DELETE FROM users"),
        ("auth", "UPDATE users SET role = 'ADMIN'"),
        ("monitor", "SELECT title FROM jobs"),
        ("monitor", "SELECT payload FROM jobs"),
        ("monitor", "UPDATE jobs SET status = 'PENDING'"),
        ("worker", "SELECT * FROM audit_chain"),
        ("monitor", "SELECT * FROM audit_heads"),
        ("auth", "SELECT * FROM audit_heads"),
        ("auditor", "SELECT title FROM jobs"),
        ("auditor", "SELECT password_hash FROM users"),
        ("auditor", "SELECT webhook_url FROM tenants"),
        ("auditor", "INSERT INTO audit_heads (tenant_id) VALUES ('tenant-a')"),
        ("auditor", "SELECT * FROM audit_seals"),
        ("auditor", "INSERT INTO audit_seals (sealed_at) VALUES (now())"),
        ("auditor", "UPDATE audit_seals SET hash = hash"),
        ("auditor", "UPDATE audit_bases SET position = 1"),
        ("auditor", "SELECT cut_audit_trails(400, 1)"),
        ("auditor", "SELECT remove_ended_jobs(90, uuidv7(), 1)"),
        ("worker", "SELECT * FROM audit_bases"),
        ("worker", "SELECT * FROM audit_seals"),
        ("worker", "DELETE FROM audit_logs"),
        ("worker", "DELETE FROM audit_chain"),
        ("worker", "INSERT INTO audit_bases (tenant_id) VALUES ('tenant-a')"),
        ("worker", "INSERT INTO audit_seals (tenant_id) VALUES ('tenant-a')"),
        ("api", "SELECT * FROM audit_seals"),
        ("api", "INSERT INTO audit_seals (tenant_id) VALUES ('tenant-a')"),
        ("api", "UPDATE audit_bases SET position = 1"),
        ("api", "SELECT cut_audit_trails(400, 1)"),
        ("api", "SELECT remove_ended_jobs(90, uuidv7(), 1)"),
        ("auth", "SELECT remove_ended_jobs(90, uuidv7(), 1)"),
        ("monitor", "SELECT cut_audit_trails(400, 1)"),
        ("api", "INSERT INTO audit_chain (tenant_id, position) VALUES ('tenant-a', 1)"),
        ("api", "ALTER TABLE jobs DISABLE ROW LEVEL SECURITY"),
        ("worker", "DROP TRIGGER audit_logs_are_append_only ON audit_logs"),
        ("worker", "ALTER TABLE audit_logs DISABLE TRIGGER audit_logs_are_chained"),
        ("worker", "SET session_replication_role = replica"),
    ],
)
def test_a_role_can_do_only_what_its_functions_need(plane: Plane, role: str, sql: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role(plane, role, sql, tenant="tenant-a")


def test_the_tenant_does_not_outlive_its_transaction(plane: Plane, two_tenants: tuple[str, str]) -> None:
    secret = plane.database_secret("api")
    with psycopg.connect(
        host=plane.postgres.host,
        port=plane.postgres.port,
        dbname=plane.postgres.database,
        user=secret["username"],
        password=secret["password"],
        autocommit=True,
    ) as connection:
        with connection.transaction():
            connection.execute("SELECT set_config('smartqueue.tenant_id', 'tenant-a', true)")
            assert len(connection.execute("SELECT 1 FROM jobs").fetchall()) == 1
        assert connection.execute("SELECT 1 FROM jobs").fetchall() == []


ROUTES = [
    ("query", "GET", "/jobs/{jobId}"),
    ("query", "GET", "/jobs/{jobId}/timeline"),
    ("submit", "POST", "/jobs/{jobId}/cancel"),
    ("replay", "POST", "/admin/jobs/{jobId}/replay"),
    ("replay", "GET", "/admin/audit-logs/{jobId}"),
]


@pytest.mark.parametrize(("function", "method", "resource"), ROUTES, ids=[r for _, _, r in ROUTES])
def test_another_tenants_job_looks_like_none_at_all(
    plane: Plane, two_tenants: tuple[str, str], function: str, method: str, resource: str
) -> None:
    _, theirs = two_tenants
    token = plane.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"}).body["token"]

    def ask(job: str) -> Answer:
        return plane.call(function, method, resource, token=token, jobId=job, headers={"x-correlation-id": "the-same"})

    answer = ask(theirs)
    assert answer.status == 404
    assert answer == ask("01890a5d-ac96-774b-bcce-b302099a8057")


def test_lists_hold_no_other_tenants_rows(plane: Plane, two_tenants: tuple[str, str]) -> None:
    token = plane.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"}).body["token"]
    lists = [("query", "/jobs"), ("replay", "/admin/dlq"), ("replay", "/admin/audit-logs"), ("auth", "/admin/users")]
    for function, resource in lists:
        items = plane.call(function, "GET", resource, token=token).body["items"]
        assert items
        assert {item.get("tenantId", "tenant-a") for item in items} == {"tenant-a"}
        assert "bob" not in str(items)
