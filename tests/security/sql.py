"""A connection to Postgres as one of the functions' own roles, to do what the functions never would."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import psycopg

from localstack.aws import client
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cloud import LocalCloud

# What may be set as the tenant without naming one: none of it matches a row.
GARBAGE = (None, "", "%", "*", "' OR 1=1 --", "\\", "NULL", "tenant%", "{north,south}")
PRIVILEGE = psycopg.errors.InsufficientPrivilege


class Attacker:
    """A connection as smartqueue_api; every statement is rolled back."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection

    def run(self, *statements: str, tenant: str | None = None) -> list[tuple[Any, ...]]:
        """Run statements in one transaction, with a tenant set as the functions set it; return the last one's rows."""
        REQUESTS["statements"] += len(statements)
        try:
            self._set(tenant)
            for sql in statements[:-1]:
                self._connection.execute(sql.encode())
            cursor = self._connection.execute(statements[-1].encode())
            return cursor.fetchall() if cursor.description else [(cursor.rowcount,)]
        finally:
            self._connection.rollback()

    def attempt(self, sql: str, *, tenant: str | None) -> list[tuple[Any, ...]]:
        """Return what a statement gave: nothing, where the role may not run it at all."""
        try:
            return self.run(sql, tenant=tenant)
        except PRIVILEGE:
            return []

    def copy(self, sql: str, *, tenant: str | None = None) -> str:
        """Run a COPY ... TO STDOUT."""
        REQUESTS["statements"] += 1
        try:
            self._set(tenant)
            with self._connection.cursor().copy(sql.encode()) as copied:
                return b"".join(bytes(part) for part in copied).decode()
        finally:
            self._connection.rollback()

    def said(self) -> list[str]:
        """Collect the server's notices from now on."""
        notices: list[str] = []
        self._connection.add_notice_handler(lambda notice: notices.append(str(notice.message_primary)))
        return notices

    def _set(self, tenant: str | None) -> None:
        if tenant is not None:
            self._connection.execute("SELECT set_config('smartqueue.tenant_id', %s, true)", (tenant,))


@contextmanager
def connected(cloud: LocalCloud, role: str) -> Iterator[Attacker]:
    """A connection with the password of one of the functions' roles."""
    secrets = client("secretsmanager", cloud.endpoints.aws)
    secret = json.loads(secrets.get_secret_value(SecretId=f"smartqueue/local/database/{role}")["SecretString"])
    place = urlsplit(cloud.endpoints.database_url)
    with psycopg.connect(
        host=place.hostname,
        port=place.port,
        dbname=place.path.lstrip("/"),
        user=secret["username"],
        password=secret["password"],
    ) as connection:
        yield Attacker(connection)
