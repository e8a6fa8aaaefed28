"""The database roles of the functions: made, given the passwords of their secrets, and kept from waiting for ever."""

from collections.abc import Mapping
from typing import Any

from psycopg import sql

from functions.migrate.lock import wait_for_turn
from smartqueue.database import Connection

# A function must fail well before its own time is up; behind a proxy a session cannot set these itself.
ROLE_SETTINGS = {
    "statement_timeout": "8s",
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "30s",
}


def ensure_roles(connection: Connection, secrets: Mapping[str, Mapping[str, Any]]) -> None:
    """Create or update one login role per secret (username, password). Raises psycopg.Error, nothing half done."""
    with connection.transaction():
        wait_for_turn(connection)
        for secret in secrets.values():
            _ensure_role(connection, str(secret["username"]), str(secret["password"]))


def _ensure_role(connection: Connection, name: str, password: str) -> None:
    role = sql.Identifier(name)
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone()
    if not exists:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    # Hashed here, so that no server log can show the password.
    hashed = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(role, sql.Literal(hashed)))
    for setting, value in ROLE_SETTINGS.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(role, sql.Identifier(setting), sql.Literal(value))
        )
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
