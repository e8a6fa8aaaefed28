"""Migrations: each applied once, whoever comes at the same time, and none that was edited."""

from collections.abc import Iterator
from functools import partial

import psycopg
import pytest
from psycopg.rows import DictRow, dict_row

import functions.migrate.lock
from functions.migrate.lock import patiently
from functions.migrate.roles import ensure_roles
from functions.migrate.schema import ChangedMigrationError, Migration, apply_migrations, read_migrations
from smartqueue.jobs import Status
from tests.integration.harness import ROLES, Plane
from tests.integration.parts import at_once

Connection = psycopg.Connection[DictRow]
FIRST = Migration("0001_one.sql", "CREATE TABLE one (a integer); INSERT INTO one VALUES (1)")
SECOND = Migration("0002_two.sql", "CREATE TABLE two (a integer)")
WIDER = Migration("0003_wider.sql", "ALTER TABLE one ADD COLUMN b integer")


class Scratch:
    """An empty database beside the real one."""

    def __init__(self, plane: Plane) -> None:
        self._url = plane.postgres.superuser_url.rpartition("/")[0] + "/scratch"
        self._connections: list[Connection] = []

    def connect(self) -> Connection:
        connection = psycopg.connect(self._url, autocommit=True, row_factory=dict_row)
        self._connections.append(connection)
        return connection

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


@pytest.fixture
def scratch(plane: Plane) -> Iterator[Scratch]:
    plane.rows("CREATE DATABASE scratch")
    made = Scratch(plane)
    yield made
    made.close()
    plane.rows("DROP DATABASE scratch")


def test_a_second_run_has_nothing_to_do(plane: Plane) -> None:
    before = plane.rows("SELECT * FROM schema_migrations")
    assert plane.invoke("migrate", {}) == {"applied": []}
    assert plane.rows("SELECT * FROM schema_migrations") == before
    assert [row["name"] for row in before] == [m.name for m in read_migrations()]


def test_the_states_in_the_database_are_those_of_the_code(plane: Plane) -> None:
    [row] = plane.rows("SELECT enum_range(NULL::job_status)::text[] AS states")
    assert row["states"] == list(Status)


def test_only_what_is_missing_is_applied(scratch: Scratch) -> None:
    connection = scratch.connect()
    assert apply_migrations(connection, [FIRST]) == ["0001_one.sql"]
    assert apply_migrations(connection, [FIRST, SECOND]) == ["0002_two.sql"]
    assert apply_migrations(connection, [FIRST, SECOND]) == []
    assert connection.execute("SELECT count(*) AS n FROM one").fetchall() == [{"n": 1}]


def test_an_edited_migration_is_refused_before_anything_is_applied(scratch: Scratch) -> None:
    connection = scratch.connect()
    apply_migrations(connection, [FIRST])
    edited = Migration(FIRST.name, "CREATE TABLE one (b integer)")
    with pytest.raises(ChangedMigrationError, match="0001_one"):
        apply_migrations(connection, [edited, SECOND])
    assert connection.execute("SELECT to_regclass('two') AS found").fetchall() == [{"found": None}]


def test_several_at_once_apply_each_migration_once(scratch: Scratch) -> None:
    connections = [scratch.connect() for _ in range(4)]
    outcomes = at_once(*(partial(apply_migrations, connection, [FIRST, SECOND]) for connection in connections))
    assert sorted(outcomes, key=len) == [[], [], [], [FIRST.name, SECOND.name]]  # type: ignore[arg-type]
    assert connections[0].execute("SELECT count(*) AS n FROM one").fetchall() == [{"n": 1}]


def test_a_run_that_fails_applies_nothing(scratch: Scratch) -> None:
    connection = scratch.connect()
    broken = Migration("0002_broken.sql", "CREATE TABLE half (a integer); SELECT 1 / 0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        apply_migrations(connection, [FIRST, broken])
    for table in ("one", "half", "schema_migrations"):
        assert connection.execute("SELECT to_regclass(%s) AS found", (table,)).fetchall() == [{"found": None}]
    assert apply_migrations(connection, [FIRST, SECOND]) == [FIRST.name, SECOND.name]


def test_a_migration_that_waits_for_a_table_lets_the_traffic_pass_and_comes_back(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions.migrate.lock, "LOCK_TIMEOUT", "200ms")
    connection, reader, slow = scratch.connect(), scratch.connect(), scratch.connect()
    apply_migrations(connection, [FIRST])
    slow.execute("BEGIN")
    slow.execute("SELECT * FROM one")
    pauses: list[float] = []

    def pause(seconds: float) -> None:
        # It would wait here for ever if the migration still waited for the slow transaction.
        assert len(reader.execute("SELECT * FROM one").fetchall()) == 1
        pauses.append(seconds)
        if len(pauses) == 2:
            slow.execute("COMMIT")

    assert patiently(lambda: apply_migrations(connection, [FIRST, WIDER]), pause=pause) == [WIDER.name]
    assert pauses == [1.0, 2.0]


def test_a_table_that_is_never_free_ends_the_migration_with_nothing_applied(
    scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(functions.migrate.lock, "LOCK_TIMEOUT", "50ms")
    connection, slow = scratch.connect(), scratch.connect()
    apply_migrations(connection, [FIRST])
    slow.execute("BEGIN")
    slow.execute("SELECT * FROM one")
    pauses: list[float] = []
    with pytest.raises(psycopg.errors.LockNotAvailable):
        patiently(lambda: apply_migrations(connection, [FIRST, SECOND, WIDER]), pause=pauses.append)
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert connection.execute("SELECT to_regclass('two') AS found").fetchall() == [{"found": None}]


def test_a_statement_that_takes_for_ever_is_ended(scratch: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions.migrate.lock, "STATEMENT_TIMEOUT", "100ms")
    connection = scratch.connect()
    with pytest.raises(psycopg.errors.QueryCanceled):
        patiently(lambda: apply_migrations(connection, [Migration("0001_slow.sql", "SELECT pg_sleep(60)")]))
    # For this transaction only: the connection is the owner's for its whole life.
    assert connection.execute("SHOW statement_timeout").fetchall() == [{"statement_timeout": "0"}]


def test_two_deployments_at_once_make_the_roles_once(scratch: Scratch, plane: Plane) -> None:
    secrets = {"new": [{"username": "smartqueue_test_new", "password": "x"}]}
    connections = [scratch.connect() for _ in range(4)]
    try:
        assert at_once(*(partial(ensure_roles, c, secrets, lambda _: False) for c in connections)) == [None] * 4
    finally:
        connections[0].execute("DROP OWNED BY smartqueue_test_new")
        plane.rows("DROP ROLE smartqueue_test_new")


def test_roles_get_the_passwords_of_their_secrets_and_cannot_wait_for_ever(plane: Plane) -> None:
    rows = plane.rows(
        "SELECT rolname, rolsuper, rolbypassrls, rolconfig FROM pg_roles WHERE rolname LIKE 'smartqueue%%'"
    )
    roles = {row["rolname"]: row for row in rows}
    assert set(roles) == {"smartqueue_owner", "smartqueue_oncall", *(f"smartqueue_{role}" for role in ROLES)}
    # As on Amazon RDS, where the owner is no superuser: all of this was done without being one.
    assert (roles["smartqueue_owner"]["rolsuper"], roles["smartqueue_owner"]["rolbypassrls"]) == (False, False)
    for role in ROLES:
        row = roles[f"smartqueue_{role}"]
        assert (row["rolsuper"], row["rolbypassrls"]) == (False, False)
        assert {"statement_timeout=8s", "lock_timeout=4s"} <= set(row["rolconfig"])
    stored = plane.rows("SELECT rolpassword FROM pg_authid WHERE rolname = 'smartqueue_api'")
    assert stored[0]["rolpassword"].startswith("SCRAM-SHA-256$")


def test_a_rotated_password_takes_effect_and_old_connections_recover(plane: Plane) -> None:
    token = plane.admin()
    secret = plane.database_secret("api")
    try:
        plane.change_secret("database/api", {**secret, "password": "rotated"})
        assert plane.invoke("migrate", {}) == {"applied": []}
        # The function still remembers the old password: it is refused, asks for the secret anew and goes on.
        plane.close_clients()
        assert plane.call("query", "GET", "/jobs", token=token).status == 200
    finally:
        plane.change_secret("database/api", secret)
        plane.invoke("migrate", {})
        plane.freshen()
