"""Tables with a past: so many jobs of 90 days, with the audit trail of all or of the newest of them."""

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from psycopg import sql

from bench.growth.server import Server
from smartqueue.database import Connection, read_queries

SQL = read_queries(Path(__file__).with_suffix(".sql").read_text("utf-8"))
PAYLOAD = json.dumps({"durationSeconds": 0, "note": "x" * 270})


@dataclass(frozen=True, kw_only=True)
class History:
    """How many jobs there were, and of how many of them, the newest, the audit trail is there."""

    jobs: int
    audited: int
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def parameters(self) -> dict[str, object]:
        """What the statements that fill tables want to know."""
        first = self.jobs - self.audited + 1
        return {"jobs": self.jobs, "first": first, "now": self.now, "payload": PAYLOAD}


def load_history(server: Server, name: str, history: History) -> dict[str, float]:
    """Fill a database that has the schema and nothing else; return how many seconds each table took.

    Tables are filled at the same time, bare, within the transaction that emptied them, which spares the write-ahead
    log; vacuumed, and given their indexes back.
    """
    with server.superuser(name) as connection:
        for statement in ("id", "jobs"):
            connection.execute(SQL[statement])
        connection.execute(SQL["fill_tenants"])
        connection.execute(SQL["fill_audit_heads"], history.parameters)
        connection.execute("CREATE TABLE audit_heads_before AS TABLE audit_heads")
    tables = ("audit_logs", "jobs", "audit_chain")
    with ThreadPoolExecutor(len(tables)) as pool:
        seconds = dict(zip(tables, pool.map(lambda table: _fill(server, name, table, history), tables), strict=True))
    with server.superuser(name) as connection:
        connection.execute("VACUUM (FREEZE, ANALYZE)")
    return seconds


def _fill(server: Server, name: str, table: str, history: History) -> float:
    started = time.perf_counter()
    with server.superuser(name) as connection:
        indexes = connection.execute(SQL["indexes"], {"table": table}).fetchall()
        with connection.transaction():
            for index in indexes:
                _drop(connection, table, index)
            connection.execute(sql.SQL("TRUNCATE {}").format(sql.Identifier(table)))
            connection.execute(SQL[f"fill_{table}"], history.parameters)
        connection.execute(sql.SQL("VACUUM (FREEZE) {}").format(sql.Identifier(table)))
        for index in indexes:
            _create(connection, table, index)
    return time.perf_counter() - started


def _drop(connection: Connection, table: str, index: dict[str, str]) -> None:
    name = sql.Identifier(index["name"])
    if index["conname"]:
        connection.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), name))
    else:
        connection.execute(sql.SQL("DROP INDEX {}").format(name))


def _create(connection: Connection, table: str, index: dict[str, str]) -> None:
    connection.execute(index["definition"].encode())
    if index["conname"]:
        name = sql.Identifier(index["name"])
        kind = sql.SQL("PRIMARY KEY" if index["contype"] == "p" else "UNIQUE")
        connection.execute(
            sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {} USING INDEX {}").format(
                sql.Identifier(table), name, kind, name
            )
        )
