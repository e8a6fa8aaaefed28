"""The API's role in the database, and what its position lets it find out about other tenants sideways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.security.sql import PRIVILEGE, Attacker

if TYPE_CHECKING:
    from tests.e2e.client import Tenant
    from tests.e2e.cloud import LocalCloud

FUNCTIONS = """
SELECT p.oid::regprocedure::text AS name, p.prosecdef AS elevated, p.proconfig AS settings,
    has_function_privilege('smartqueue_api', p.oid, 'EXECUTE') AS callable,
    p.prorettype = 'trigger'::regtype AS is_trigger
FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace ORDER BY 1
"""
INSERT = """
INSERT INTO jobs (job_id, tenant_id, type, title, description, payload, max_retries, retry_base_seconds,
    timeout_seconds, awaits_classification, correlation_id, created_by)
VALUES ('ID', 'TENANT', 'ticket', 'x', 'x', '{}', 0, 1, 1, false, 'x', uuidv7())
"""


@pytest.mark.parametrize(
    "sql",
    [
        "SET row_security = off",
        "SELECT set_config('row_security', 'off', false)",
    ],
)
def test_without_row_security_there_is_nothing_to_read(
    attacker: Attacker, tenants: tuple[Tenant, Tenant], sql: str
) -> None:
    with pytest.raises(PRIVILEGE, match="would be affected by row-level security"):
        attacker.run(sql, "SELECT title FROM jobs")


@pytest.mark.parametrize(
    "sql",
    [
        "SET ROLE smartqueue_worker",
        "SET ROLE smartqueue_auth",
        "SET ROLE postgres",
        "SET SESSION AUTHORIZATION smartqueue_worker",
        "GRANT smartqueue_worker TO smartqueue_api",
        "ALTER ROLE smartqueue_api BYPASSRLS",
        "ALTER ROLE smartqueue_api SUPERUSER",
        "ALTER ROLE smartqueue_worker PASSWORD 'mine'",
        "CREATE ROLE spy",
        "SET session_replication_role = replica",
        "SET log_statement = 'all'",
        "CREATE TABLE public.loot (x text)",
        "CREATE SCHEMA loot",
        "CREATE FUNCTION public.spy() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE EXTENSION dblink",
        "CREATE EXTENSION file_fdw",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('.')",
        "SELECT lo_import('/etc/passwd')",
        "SELECT pg_reload_conf()",
        "SELECT * FROM pg_authid",
        "SELECT * FROM pg_user_mapping",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename <> 'smartqueue_api'",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE jobs DISABLE ROW LEVEL SECURITY'; END $$",
        "DROP POLICY api_sees_own ON jobs",
    ],
)
def test_the_role_cannot_become_more_than_it_is(attacker: Attacker, tenants: tuple[Tenant, Tenant], sql: str) -> None:
    with pytest.raises((PRIVILEGE, psycopg.errors.UndefinedFile, psycopg.errors.FeatureNotSupported)):
        attacker.run(sql, tenant=tenants[0].tenant_id)


def test_a_cheap_function_of_ones_own_is_not_asked_before_the_wall(
    attacker: Attacker, tenants: tuple[Tenant, Tenant]
) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    notices = attacker.said()
    attacker.run(
        "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
        " $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$",
        "SELECT job_id FROM jobs WHERE pg_temp.leak(description) AND pg_temp.leak(tenant_id)",
        tenant=mine,
    )
    assert mine in notices
    assert not [notice for notice in notices if theirs in notice]


def test_errors_tell_nothing_of_another_tenants_rows(attacker: Attacker, tenants: tuple[Tenant, Tenant]) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    probes = (
        "SELECT 1 / (length(title) - length(title)) FROM jobs WHERE tenant_id = '{}'",
        "SELECT title::int FROM jobs WHERE tenant_id = '{}'",
        "SELECT (payload ->> 'x' || title)::uuid FROM jobs WHERE tenant_id = '{}'",
        "SELECT details::numeric FROM audit_logs WHERE tenant_id = '{}'",
        "SELECT CASE WHEN tenant_id = '{0}' THEN 1 / (attempt - attempt) END FROM jobs",
    )
    for probe in probes:
        # An error would be an answer: yes, there is such a row, and its text is...
        assert attacker.run(probe.format(theirs), tenant=mine) in ([], [(None,)])
    with pytest.raises(psycopg.errors.DivisionByZero):
        attacker.run(probes[0].format(mine), tenant=mine)


def test_a_taken_id_is_all_that_a_conflict_tells(
    attacker: Attacker, tenants: tuple[Tenant, Tenant], cloud: LocalCloud
) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    taken = cloud.rows("SELECT job_id, title FROM jobs WHERE tenant_id = %s", theirs)[0]
    insert = INSERT.replace("ID", str(taken["job_id"])).replace("TENANT", mine)
    with pytest.raises(psycopg.errors.UniqueViolation) as caught:
        attacker.run(insert, tenant=mine)
    assert taken["title"] not in str(caught.value)
    assert theirs not in str(caught.value)
    assert attacker.run(f"{insert} ON CONFLICT DO NOTHING RETURNING title", tenant=mine) == []
    with pytest.raises(PRIVILEGE):
        attacker.run(
            f"{insert} ON CONFLICT (job_id) DO UPDATE SET last_error = jobs.title RETURNING last_error", tenant=mine
        )


def test_what_the_planner_and_the_statistics_show_names_no_tenant(
    attacker: Attacker, tenants: tuple[Tenant, Tenant], cloud: LocalCloud
) -> None:
    mine, theirs = (tenant.tenant_id for tenant in tenants)
    with psycopg.connect(cloud.endpoints.database_url, autocommit=True) as owner:
        owner.execute("ANALYZE jobs, audit_logs")
    shown = [
        attacker.run("SELECT tablename, most_common_vals::text, histogram_bounds::text FROM pg_stats", tenant=mine),
        attacker.run("SELECT query FROM pg_stat_activity", tenant=mine),
        attacker.run("SELECT polname, pg_get_expr(polqual, polrelid) FROM pg_policy", tenant=mine),
        attacker.run("EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT JSON) SELECT * FROM jobs", tenant=mine),
        attacker.run("EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM audit_logs", tenant=mine),
        attacker.run("EXPLAIN SELECT * FROM jobs WHERE title LIKE 'secret%'", tenant=mine),
    ]
    for answer in shown:
        assert answer
        assert theirs not in str(answer)
    # Not even a guess at what most tenants' rows look like: statistics of walled tables are hidden.
    assert not {row[0] for row in shown[0]} & {"jobs", "audit_logs", "outbox"}
    for hidden in ("pg_statistic", "pg_statistic_ext_data"):
        with pytest.raises(PRIVILEGE):
            attacker.run(f"SELECT * FROM {hidden}", tenant=mine)


def test_functions_that_run_with_other_rights_cannot_be_bent(cloud: LocalCloud, attacker: Attacker) -> None:
    found = cloud.rows(FUNCTIONS)
    assert found
    for function in found:
        if not function["elevated"]:
            continue
        # A search path of its own that ends with the temporary schema: a table of the caller's hides none of ours.
        path = next((s for s in function["settings"] or [] if s.startswith("search_path=")), "")
        assert path.endswith("pg_temp"), function["name"]
        assert function["is_trigger"] or not function["callable"], function["name"]


def test_whoever_can_speak_sql_can_name_any_tenant(attacker: Attacker, tenants: tuple[Tenant, Tenant]) -> None:
    # The wall is against a forgotten condition, and no promise against injection: that is what parameters are for.
    _, theirs = (tenant.tenant_id for tenant in tenants)
    assert attacker.run("SELECT DISTINCT tenant_id FROM jobs", tenant=theirs) == [(theirs,)]
    assert attacker.run("SELECT DISTINCT tenant_id FROM jobs") == []
