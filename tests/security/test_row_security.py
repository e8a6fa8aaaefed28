"""Row-level security, attacked with SQL by the API's own role: what a forgotten condition could do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.security.sql import GARBAGE, PRIVILEGE, Attacker

if TYPE_CHECKING:
    from tests.e2e.client import Tenant
    from tests.e2e.cloud import LocalCloud

# From the catalogue, so that a table that comes later is attacked without being named here.
TABLES = """
SELECT c.relname AS name, c.relrowsecurity AS walled FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1
"""
COLUMNS = "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
KNOWN_TABLES = {"audit_logs", "jobs", "outbox", "tenants", "users"}
REFUSED = (
    "TRUNCATE {}",
    "COPY {} FROM STDIN",
    "ALTER TABLE {} DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE {} NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE {} OWNER TO smartqueue_api",
    "ALTER TABLE {} DISABLE TRIGGER ALL",
    "CREATE POLICY mine ON {} USING (true)",
    "CREATE TRIGGER spy BEFORE UPDATE ON {} EXECUTE FUNCTION refuse_change()",
    "CREATE INDEX ON {} (tenant_id)",
    "DROP TABLE {}",
)
INSERTS = (
    """INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)
    VALUES ('THEIRS', 'x', 'x', 'x', 'x', 'x')""",
    """INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
    VALUES (uuidv7(), 'THEIRS', 'job-events', 'k', '{}', '{}', now())""",
    """INSERT INTO jobs (job_id, tenant_id, type, title, description, payload, max_retries, retry_base_seconds,
        timeout_seconds, awaits_classification, correlation_id, created_by)
    VALUES (uuidv7(), 'THEIRS', 'ticket', 'x', 'x', '{}', 0, 1, 1, false, 'x', uuidv7())""",
)


@pytest.fixture(scope="module")
def tables(cloud: LocalCloud) -> list[str]:
    found = cloud.rows(TABLES)
    assert {row["name"] for row in found} >= KNOWN_TABLES
    assert [row["name"] for row in found if not row["walled"]] == [], "a table with tenants has no wall"
    return [row["name"] for row in found]


def test_no_table_shows_another_tenants_rows(
    attacker: Attacker, tables: list[str], tenants: tuple[Tenant, Tenant]
) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    seen = set()
    for table in tables:
        for tenant in (*GARBAGE, mine):
            for sql in (
                f"SELECT t::text FROM {table} t",
                f"SELECT t::text FROM {table} t WHERE tenant_id = '{theirs}'",
                f"SELECT t::text FROM {table} t WHERE tenant_id = '{theirs}' OR true",
                f"SELECT max(t::text) FROM (TABLE {table} UNION ALL TABLE {table}) t",
                f"SELECT string_agg(t::text, ',') FROM {table} t TABLESAMPLE SYSTEM (100)",
            ):
                text = str(attacker.attempt(sql, tenant=tenant))
                assert theirs not in text, f"{sql} with {tenant!r}"
                assert tenant == mine or mine not in text, f"{sql} with {tenant!r}"
                if mine in text:
                    seen.add(table)
    # Those that it may read at all: without them nothing was tried.
    assert {"jobs", "audit_logs"} <= seen


def test_no_table_lets_another_tenants_rows_be_changed(
    attacker: Attacker, tables: list[str], tenants: tuple[Tenant, Tenant], cloud: LocalCloud
) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    before = [cloud.rows(f"SELECT * FROM {table} WHERE tenant_id = %s ORDER BY 1, 2", theirs) for table in tables]
    for table in tables:
        columns = [row["attname"] for row in cloud.rows(COLUMNS, table)]
        changes = [
            *(f"UPDATE {table} SET {column} = {column} WHERE tenant_id = '{theirs}'" for column in columns),
            f"DELETE FROM {table} WHERE tenant_id = '{theirs}'",
            f"DELETE FROM {table} WHERE tenant_id <> '{mine}'",
            f"SELECT 1 FROM {table} WHERE tenant_id = '{theirs}' FOR UPDATE",
            f"INSERT INTO {table} SELECT * FROM {table} WHERE tenant_id = '{theirs}'",
            f"MERGE INTO {table} t USING (SELECT 1) s ON t.tenant_id = '{theirs}' WHEN MATCHED THEN DELETE",
        ]
        for tenant in (*GARBAGE, mine):
            for sql in changes:
                assert attacker.attempt(sql, tenant=tenant) in ([], [(0,)]), f"{sql} with {tenant!r}"
    after = [cloud.rows(f"SELECT * FROM {table} WHERE tenant_id = %s ORDER BY 1, 2", theirs) for table in tables]
    assert after == before


@pytest.mark.parametrize("sql", REFUSED)
def test_no_table_lets_itself_be_emptied_or_its_wall_be_moved(
    attacker: Attacker, tables: list[str], tenants: tuple[Tenant, Tenant], sql: str
) -> None:
    for table in tables:
        with pytest.raises((PRIVILEGE, psycopg.errors.FeatureNotSupported)):
            attacker.run(sql.format(table), tenant=tenants[0].tenant_id)


def test_a_row_cannot_be_written_into_another_tenant(attacker: Attacker, tenants: tuple[Tenant, Tenant]) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    for sql in (insert.replace("THEIRS", theirs) for insert in INSERTS):
        for tenant in (*GARBAGE, mine):
            with pytest.raises(PRIVILEGE, match="row-level security"):
                attacker.run(sql, tenant=tenant)
        # The statement itself is a good one.
        assert attacker.run(sql, tenant=theirs) == [(1,)]


def test_copying_out_obeys_the_wall_too(attacker: Attacker, tables: list[str], tenants: tuple[Tenant, Tenant]) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    for table in tables:
        for source in (table, f"(SELECT * FROM {table})", f"(SELECT t::text FROM {table} t)"):
            for tenant in (*GARBAGE, mine):
                try:
                    text = attacker.copy(f"COPY {source} TO STDOUT", tenant=tenant)
                except PRIVILEGE:
                    continue
                assert theirs not in text
                assert tenant == mine or not text
        for target in ("'/tmp/stolen'", "PROGRAM 'cat'"):
            with pytest.raises(PRIVILEGE):
                attacker.run(f"COPY {table} TO {target}", tenant=mine)
