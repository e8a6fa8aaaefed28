"""Reading statements, and connecting with credentials that may have been rotated."""

from typing import Any

import psycopg
import pytest

from smartqueue.database import Database, read_queries
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


class Server:
    """Knows one password and counts who came."""

    def __init__(self, password: str) -> None:
        self.password = password
        self.tried: list[str] = []

    def connect(self, **options: Any) -> object:
        self.tried.append(options["password"])
        assert options["prepare_threshold"] is None
        assert options["autocommit"] is True
        assert options["connect_timeout"] <= 5
        if options["password"] != self.password:
            raise psycopg.OperationalError("password authentication failed")
        return Connection()


def make_database(cached: str, current: str) -> Database:
    def credentials(*, fresh: bool) -> dict[str, Any]:
        password = current if fresh else cached
        return {"host": "h", "port": 1, "dbname": "d", "username": "u", "password": password}

    return Database(credentials)


@pytest.mark.parametrize(
    ("cached", "current", "tried"),
    [("new", "new", ["new"]), ("old", "new", ["old", "new"])],
    ids=["cached is right", "rotated"],
)
def test_credentials_are_fetched_anew_only_when_the_cached_ones_fail(
    monkeypatch: pytest.MonkeyPatch, cached: str, current: str, tried: list[str]
) -> None:
    server = Server("new")
    monkeypatch.setattr(psycopg, "connect", server.connect)
    database = make_database(cached, current)
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
