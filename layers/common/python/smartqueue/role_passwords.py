"""Passwords of database roles: tried and set, for the functions that keep them in step with their secrets."""

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

from smartqueue.database import Connection, Database, wanted_password
from smartqueue.settings import DatabaseSettings


def can_log_in(settings: DatabaseSettings, credentials: Mapping[str, Any]) -> bool:
    """Tell whether {"username", "password"} open the database.

    Raises psycopg.OperationalError if that cannot be found out, as when the server is away.
    """
    database = Database(settings, lambda: iter([credentials]))
    try:
        database.connection()
    except psycopg.OperationalError as error:
        if wanted_password(error):
            return False
        raise
    finally:
        database.close()
    return True


def set_password(connection: Connection, role: str, password: str) -> None:
    """Give a role a password. Raises psycopg.Error, UndefinedObject if there is no such role."""
    # Hashed here, so that no server log can show the password.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))
