"""Reading statements, and connecting with credentials that may have been rotated."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from smartqueue.database import Database, read_queries
from smartqueue.settings import DatabaseSettings
from smartqueue.store.queries import load


def test_statements_are_found_by_their_names() -> None:
    found = read_queries("-- A file.\n\n-- name: one\nSELECT 1;\n\n-- name: two\n-- a remark\nSELECT 2\n")
    assert found == {"one": "SELECT 1", "two": "-- a remark\nSELECT 2"}


@pytest.mark.parametrize(
    ("aggregate", "names"),
    [
        ("jobs", {"insert", "find", "find_by_idempotency_keys", "browse", "browse_dead", "move", "discard"}),
        ("attempts", {"claim", "extend", "find_expired", "find_stranded", "gauges"}),
        ("outbox", {"insert", "take_due", "delete", "postpone"}),
        ("audit", {"browse", "timeline"}),
        ("classifications", {"find_unclassified", "write"}),
    ],
)
def test_every_aggregate_has_its_statements(aggregate: str, names: set[str]) -> None:
    assert set(load(aggregate)) == names


class Connection:
    closed = False

    def close(self) -> None:
        self.closed = True


def attempt(*, used_password: bool) -> Any:
    """What libpq keeps of a connection that failed."""
    return SimpleNamespace(used_password=used_password)


class Server:
    """Knows one password and counts who came."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.is_away = False
        self.tried: list[str] = []

    def connect(self, **options: Any) -> object:
        self.tried.append(options["password"])
        assert options["prepare_threshold"] is None
        assert options["sslmode"] == "verify-full"
        assert Path(options["sslrootcert"]).is_file()
        assert options["autocommit"] is True
        assert options["connect_timeout"] <= 5
        if self.is_away:
            raise psycopg.OperationalError("connection refused", pgconn=attempt(used_password=False))
        if options["password"] != self.password:
            raise psycopg.OperationalError("password authentication failed", pgconn=attempt(used_password=True))
        return Connection()


SETTINGS = DatabaseSettings(
    database_host="h", database_port=1, database_name="d", database_tls=True, database_secret_id="s"
)


def make_database(*passwords: str) -> Database:
    return Database(SETTINGS, lambda: ({"username": "u", "password": password} for password in passwords))


@pytest.mark.parametrize(
    ("known", "tried"),
    [
        (["new", "other", "other"], ["new"]),
        (["old", "new", "other"], ["old", "new"]),
        (["old", "old", "new"], ["old", "new"]),
    ],
    ids=["cached is right", "rotated", "being rotated"],
)
def test_other_credentials_are_looked_up_only_when_the_known_ones_fail(
    monkeypatch: pytest.MonkeyPatch, known: list[str], tried: list[str]
) -> None:
    server = Server("new")
    monkeypatch.setattr(psycopg, "connect", server.connect)
    database = make_database(*known)
    assert database.connection() is database.connection()
    assert server.tried == tried
    database.close()


@pytest.mark.parametrize("current", ["old", "older"])
def test_credentials_that_fail_either_way_raise(monkeypatch: pytest.MonkeyPatch, current: str) -> None:
    server = Server("new")
    monkeypatch.setattr(psycopg, "connect", server.connect)
    with pytest.raises(psycopg.OperationalError):
        make_database("old", current).connection()
    assert server.tried == (["old"] if current == "old" else ["old", "older"])


def test_a_server_that_is_away_does_not_make_it_doubt_its_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server("new")
    server.is_away = True
    monkeypatch.setattr(psycopg, "connect", server.connect)
    with pytest.raises(psycopg.OperationalError, match="connection refused"):
        make_database("old", "new").connection()
    assert server.tried == ["old"]
