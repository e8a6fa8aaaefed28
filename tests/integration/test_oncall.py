"""The role of people on call: what it sees, what it does not, and how it gets in."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

import functions.migrate.handler
import functions.migrate.oncall
from functions.migrate.handler import owner_gets_in
from functions.migrate.settings import Settings
from smartqueue.store.queries import load
from tests.integration.harness import Plane

Connection = psycopg.Connection[DictRow]
ROLE = "SELECT rolcanlogin, rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = 'smartqueue_oncall'"
IN_IAM = "SELECT 1 FROM pg_auth_members WHERE roleid = 'rds_iam'::regrole AND member = 'smartqueue_oncall'::regrole"


@pytest.fixture
def on_call(plane: Plane) -> Iterator[Connection]:
    """A session of somebody on call."""
    with psycopg.connect(plane.postgres.superuser_url, autocommit=True, row_factory=dict_row) as connection:
        connection.execute("SET SESSION AUTHORIZATION smartqueue_oncall")
        yield connection


@pytest.fixture
def iam_plane(plane: Plane) -> Iterator[Plane]:
    """A server that knows IAM, as Amazon RDS does."""
    plane.rows("CREATE ROLE rds_iam")
    plane.rows("GRANT rds_iam TO smartqueue_owner WITH ADMIN OPTION")
    yield plane
    plane.rows("DROP ROLE rds_iam")
    plane.rows("ALTER ROLE smartqueue_oncall NOLOGIN")


def test_it_reads_the_gauges_of_all_tenants(plane: Plane, on_call: Connection) -> None:
    plane.submit(plane.admin())
    plane.submit(plane.admin("tenant-b", "bob"))
    [row] = on_call.execute(load("attempts")["gauges"]).fetchall()
    assert row["active_jobs"] == 2


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT title FROM jobs",
        "SELECT payload FROM jobs",
        "SELECT last_error FROM jobs",
        "SELECT * FROM jobs",
        "SELECT value FROM outbox",
        "SELECT username FROM users",
        "SELECT tenant_id FROM tenants",
        "SELECT details FROM audit_logs",
        "UPDATE jobs SET status = 'CANCELLED'",
        "DELETE FROM jobs",
        "DELETE FROM outbox",
        "SET ROLE smartqueue_owner",
        "SET ROLE smartqueue_worker",
    ],
)
def test_it_sees_nothing_that_a_tenant_wrote_and_changes_nothing(on_call: Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        on_call.execute(statement.encode())


def test_its_sessions_write_nothing_and_hold_nobody_up(plane: Plane) -> None:
    [row] = plane.rows("SELECT rolconfig FROM pg_roles WHERE rolname = 'smartqueue_oncall'")
    assert {"default_transaction_read_only=on", "statement_timeout=8s", "lock_timeout=4s"} <= set(row["rolconfig"])


def test_without_iam_nobody_logs_in_as_it(plane: Plane) -> None:
    assert plane.rows(ROLE) == [
        {"rolcanlogin": False, "rolsuper": False, "rolcreaterole": False, "rolbypassrls": False}
    ]
    assert plane.rows("SELECT rolpassword FROM pg_authid WHERE rolname = 'smartqueue_oncall'") == [
        {"rolpassword": None}
    ]


def test_with_iam_it_logs_in_with_a_token_and_has_no_password(iam_plane: Plane) -> None:
    for _ in range(2):
        assert iam_plane.invoke("migrate", {}) == {"applied": []}
        assert iam_plane.rows(ROLE)[0]["rolcanlogin"] is True
        assert len(iam_plane.rows(IN_IAM)) == 1
    [row] = iam_plane.rows("SELECT rolpassword FROM pg_authid WHERE rolname = 'smartqueue_oncall'")
    assert row["rolpassword"] is None


def test_iam_is_taken_back_where_it_would_lock_the_owner_out(iam_plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    told: list[str] = []
    monkeypatch.setattr(functions.migrate.oncall.log, "error", told.append)

    def is_locked_out(_: Settings) -> bool:
        seen.append(len(iam_plane.rows(IN_IAM)))
        return False

    monkeypatch.setattr(functions.migrate.handler, "owner_gets_in", is_locked_out)
    assert iam_plane.invoke("migrate", {}) == {"applied": []}
    assert seen == [1]
    assert iam_plane.rows(IN_IAM) == []
    assert iam_plane.rows(ROLE)[0]["rolcanlogin"] is False
    assert len(told) == 1


def test_whether_the_owner_gets_in_is_found_out_by_trying(plane: Plane) -> None:
    settings = Settings.from_environment(plane.environment("migrate"))
    assert owner_gets_in(settings) is True
    owner = plane.database_secret("owner")
    try:
        plane.change_secret("database/owner", {**owner, "password": "wrong"})
        plane.freshen()
        assert owner_gets_in(settings) is False
    finally:
        plane.change_secret("database/owner", owner)
        plane.freshen()
