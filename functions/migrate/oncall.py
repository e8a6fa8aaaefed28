"""The role of people on call: it reads the gauges, and nothing that a tenant wrote.

On Amazon RDS it has no password: people log in as `smartqueue_oncall` with a token of their own IAM identity.
"""

import logging
from collections.abc import Callable

from functions.migrate.lock import turn
from functions.migrate.roles import ROLE_SETTINGS, ensure_settings, exists
from smartqueue.database import Connection

ROLE = "smartqueue_oncall"
# Whoever has this role on RDS logs in with an IAM token and in no other way.
RDS_IAM = "rds_iam"

log = logging.getLogger(__name__)


def ensure_oncall(connection: Connection, owner_gets_in: Callable[[], bool]) -> None:
    """Create or update the role; it can log in where the server knows IAM.

    owner_gets_in: tells whether a new connection as this connection's own role still succeeds.
    Raises psycopg.Error.
    """
    with turn(connection):
        if not exists(connection, ROLE):
            connection.execute("CREATE ROLE smartqueue_oncall NOLOGIN")
        ensure_settings(connection, ROLE, {**ROLE_SETTINGS, "default_transaction_read_only": "on"})
        connection.execute("GRANT smartqueue_monitor TO smartqueue_oncall")
    if exists(connection, RDS_IAM) and not _has_iam(connection):
        _open_to_iam(connection, owner_gets_in)


def _open_to_iam(connection: Connection, owner_gets_in: Callable[[], bool]) -> None:
    with turn(connection):
        connection.execute("GRANT rds_iam TO smartqueue_oncall")
        connection.execute("ALTER ROLE smartqueue_oncall LOGIN")
    # Who creates a role is a member of it, since PostgreSQL 16, and cannot change that. A server that counts this as
    # having rds_iam would take the owner's password away, and with it every migration and rotation to come.
    if not owner_gets_in():
        with turn(connection):
            connection.execute("REVOKE rds_iam FROM smartqueue_oncall")
            connection.execute("ALTER ROLE smartqueue_oncall NOLOGIN")
        log.error("rds_iam was taken back from the on-call role: it kept the owner from logging in")


def _has_iam(connection: Connection) -> bool:
    row = connection.execute(
        "SELECT 1 FROM pg_auth_members WHERE roleid = %s::regrole AND member = %s::regrole", (RDS_IAM, ROLE)
    ).fetchone()
    return row is not None
