"""One Postgres connection per execution environment, and single-round-trip transactions over it.

Nothing here uses session state, LISTEN or server-side prepared statements, so that it works behind RDS Proxy.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg.rows import DictRow, dict_row

from smartqueue.failpoints import boundary
from smartqueue.secrets import secret_versions
from smartqueue.settings import DatabaseSettings

CONNECT_TIMEOUT_SECONDS = 3
# Of every region's Amazon RDS; bin/rds-roots writes it.
TRUSTED_ROOTS = Path(__file__).with_name("rds-roots.pem")
# A thawed execution environment may hold a socket that the other side closed long ago: ask before trusting it.
CHECK_AFTER_IDLE_SECONDS = 5.0

Row = DictRow
Connection = psycopg.Connection[Row]
Parameters = Mapping[str, object]
SET_TENANT: LiteralString = "SELECT set_config('smartqueue.tenant_id', %(tenant_id)s, true)"


@dataclass(frozen=True)
class Statement:
    """One SQL statement with its parameters."""

    sql: LiteralString
    parameters: Parameters = field(default_factory=dict)


Credentials = Callable[[], Iterator[Mapping[str, Any]]]
"""Gives one {"username", "password"} after the other until one works; a later one may cost a look-up."""


class Database:
    """A lazily opened connection that is replaced when it breaks, with other credentials if they were rotated."""

    def __init__(self, settings: DatabaseSettings, credentials: Credentials) -> None:
        self._settings = settings
        self._credentials = credentials
        self._connection: Connection | None = None
        self._used_at = 0.0

    def run(self, *statements: Statement, tenant_id: str | None = None) -> list[list[Row]]:
        """Run the statements in one transaction and one round trip; return the rows of each.

        tenant_id: what row-level security compares with, for the roles that it binds.
        Raises psycopg.Error; then nothing was written, unless the connection broke while committing.
        """
        with self._leaving_what_is_read_only():
            return self._run(statements, tenant_id)

    @contextmanager
    def _leaving_what_is_read_only(self) -> Iterator[None]:
        """Drop the connection to a primary that lost its office: it still answers, and only a new one finds the new."""
        try:
            yield
        except psycopg.errors.ReadOnlySqlTransaction as error:
            self.close()
            raise psycopg.OperationalError("the server became read-only") from error

    def _run(self, statements: Sequence[Statement], tenant_id: str | None) -> list[list[Row]]:
        connection = self.connection()
        if len(statements) == 1 and tenant_id is None:
            return [_rows(connection.execute(statements[0].sql, statements[0].parameters))]
        try:
            # psycopg's own transaction blocks would wait for the server four times inside a pipeline.
            with connection.pipeline():
                connection.execute("BEGIN")
                if tenant_id is not None:
                    connection.execute(SET_TENANT, {"tenant_id": tenant_id})
                cursors = [connection.execute(s.sql, s.parameters) for s in statements]
                connection.execute("COMMIT")
        except BaseException:
            if not connection.closed:
                connection.rollback()
            raise
        return [_rows(cursor) for cursor in cursors]

    def query(self, sql: LiteralString, parameters: Parameters, *, tenant_id: str | None = None) -> list[Row]:
        """Run one statement as `run` does and return its rows."""
        return self.run(Statement(sql, parameters), tenant_id=tenant_id)[0]

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Give a connection inside a transaction, for work that must look before it writes. Raises psycopg.Error."""
        with self._leaving_what_is_read_only():
            connection = self.connection()
            with connection.transaction():
                yield connection
        self._used_at = time.monotonic()

    def connection(self) -> Connection:
        """Return a connection that worked within the last few seconds. Raises psycopg.OperationalError."""
        if self._connection is not None and time.monotonic() - self._used_at > CHECK_AFTER_IDLE_SECONDS:
            self._drop_if_dead(self._connection)
        if self._connection is None or self._connection.closed:
            self._connection = self._connect()
        self._used_at = time.monotonic()
        return self._connection

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _drop_if_dead(self, connection: Connection) -> None:
        try:
            connection.execute("SELECT 1")
        except psycopg.OperationalError:
            self.close()

    def _connect(self) -> Connection:
        refused: psycopg.OperationalError | None = None
        tried: list[Mapping[str, Any]] = []
        for credentials in self._credentials():
            if credentials in tried:
                continue
            tried.append(credentials)
            try:
                return self._connect_with(credentials)
            except psycopg.OperationalError as error:
                if not wanted_password(error):
                    raise
                refused = error
        raise refused or psycopg.OperationalError("there are no credentials to connect with")

    def _connect_with(self, credentials: Mapping[str, Any]) -> Connection:
        settings = self._settings
        return psycopg.connect(
            host=settings.database_host,
            port=settings.database_port,
            dbname=settings.database_name,
            user=str(credentials["username"]),
            password=str(credentials["password"]),
            sslmode="verify-full" if settings.database_tls else "disable",
            sslrootcert=str(TRUSTED_ROOTS) if settings.database_tls else None,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            tcp_user_timeout=10_000,
            application_name="smartqueue",
            autocommit=True,
            prepare_threshold=None,
            row_factory=dict_row,
        )


def commit_boundary(step: str) -> AbstractContextManager[None]:
    """Return the failpoints around the transaction of a step."""
    return boundary(step, psycopg.OperationalError)


def wanted_password(error: psycopg.OperationalError) -> bool:
    """Tell whether a connection failed at a server that asked for a password: then it may be the wrong one.

    libpq gives refused connections no SQLSTATE.
    """
    return error.pgconn is not None and error.pgconn.used_password


def _rows(cursor: psycopg.Cursor[Row]) -> list[Row]:
    return cursor.fetchall() if cursor.description else []


@cache
def connect_database(settings: DatabaseSettings) -> Database:
    """Return this execution environment's database; it connects at its first statement."""
    return Database(settings, partial(secret_versions, settings.database_secret_id))


def read_queries(text: str) -> dict[str, LiteralString]:
    """Split a .sql file into its statements by their `-- name: x` lines.

    The files ship with the code and hold no user input, which is what LiteralString stands for.
    """
    queries: dict[str, LiteralString] = {}
    for block in text.split("-- name: ")[1:]:
        name, _, sql = block.partition("\n")
        queries[name.strip()] = sql.strip().rstrip(";")
    return queries


def as_ids(rows: Sequence[Row], column: str) -> list[str]:
    """Return a uuid column of some rows as text."""
    return [str(row[column]) for row in rows]
