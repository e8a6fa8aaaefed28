"""The database roles of the functions: made, given the passwords of their secrets, and kept from waiting for ever."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg import sql

from functions.migrate.lock import turn
from smartqueue.database import Connection
from smartqueue.role_passwords import set_password

# A function must fail well before its own time is up; behind a proxy a session cannot set these itself.
ROLE_SETTINGS = {
    "statement_timeout": "8s",
    "lock_timeout": "4s",
    "idle_in_transaction_session_timeout": "30s",
}

Secret = Mapping[str, Any]


def ensure_roles(
    connection: Connection, secrets: Mapping[str, Sequence[Secret]], can_log_in: Callable[[Secret], bool]
) -> None:
    """Create or update one login role per secret (username, password), given as its versions, the current one first.

    A role that one of them opens keeps its password: it may be in the middle of a rotation.
    Raises psycopg.Error, nothing half done.
    """
    with turn(connection):
        for versions in secrets.values():
            _ensure_role(connection, versions, can_log_in)


def ensure_settings(connection: Connection, name: str, settings: Mapping[str, str]) -> None:
    """Give a role defaults for its sessions."""
    for setting, value in settings.items():
        connection.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(name), sql.Identifier(setting), sql.Literal(value)
            )
        )


def exists(connection: Connection, name: str) -> bool:
    """Tell whether there is such a role."""
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (name,)).fetchone() is not None


def _ensure_role(connection: Connection, versions: Sequence[Secret], can_log_in: Callable[[Secret], bool]) -> None:
    name = str(versions[0]["username"])
    role = sql.Identifier(name)
    is_new = not exists(connection, name)
    if is_new:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
    if is_new or not any(map(can_log_in, versions)):
        set_password(connection, name, str(versions[0]["password"]))
    ensure_settings(connection, name, ROLE_SETTINGS)
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(role))
