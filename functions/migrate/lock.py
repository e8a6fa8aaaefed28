"""One migration at a time, also on a database that has no table yet to lock."""

from smartqueue.database import Connection

# Any number will do, as long as nothing else in this database uses it.
MIGRATION_LOCK = 7_348_910_265


def wait_for_turn(connection: Connection) -> None:
    """Wait until no other migration runs; the turn ends with the transaction, which must be open."""
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
