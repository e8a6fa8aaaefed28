"""One migration at a time, also on a database that has no table yet to lock; and none that holds the traffic up.

Whoever asks for a table after a migration that waits for it waits behind that migration. So it gives up soon, lets the
others pass and tries again.
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from smartqueue.database import Connection

# Any number will do, as long as nothing else in this database uses it.
MIGRATION_LOCK = 7_348_910_265
LOCK_TIMEOUT = "5s"
# Well under the function's own time, which ends without rolling anything back.
STATEMENT_TIMEOUT = "60s"
PAUSES_SECONDS = (1.0, 2.0, 4.0, 8.0)

log = logging.getLogger(__name__)


@contextmanager
def turn(connection: Connection) -> Iterator[None]:
    """A transaction that waits until no other migration runs.

    Inside, a lock that is not to be had within LOCK_TIMEOUT raises psycopg.errors.LockNotAvailable.
    """
    with connection.transaction():
        _set(connection, "statement_timeout", STATEMENT_TIMEOUT)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (MIGRATION_LOCK,))
        _set(connection, "lock_timeout", LOCK_TIMEOUT)
        yield


def patiently[T](work: Callable[[], T], *, pause: Callable[[float], None] = time.sleep) -> T:
    """Do work that leaves nothing behind when it fails, and do it again, a few times, when others were in its way.

    Raises what the last try raises.
    """
    for seconds in PAUSES_SECONDS:
        try:
            return work()
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected) as error:
            log.warning(
                "others are in the way, trying again", extra={"error": type(error).__name__, "seconds": seconds}
            )
            pause(seconds)
    return work()


def _set(connection: Connection, setting: str, value: str) -> None:
    connection.execute("SELECT set_config(%s, %s, true)", (setting, value))
