"""Removes what a stage keeps no longer: jobs that ended long ago, then their audit rows; a batch of each at a time."""

import logging
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import psycopg

from functions.relay.settings import RetentionSettings
from smartqueue.database import Database, commit_boundary, read_queries
from smartqueue.metrics import Counter, Meter

# Of each, how many in one statement: what a message due at that moment waits for.
JOBS_AT_ONCE = 500
AUDIT_ROWS_AT_ONCE = 2000
BEFORE_ALL = str(UUID(int=0))
# Somebody else's locks, or more work than a statement has time for: the next turn may have more luck.
HELD_UP = (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected)

log = logging.getLogger(__name__)


class Retention:
    """Remembers how far it has looked, so that old jobs that stay are not looked at again and again."""

    def __init__(self, database: Database, settings: RetentionSettings) -> None:
        self._database = database
        self._settings = settings
        self._sql = read_queries(Path(__file__).with_name("retention.sql").read_text("utf-8"))
        self._looked_behind = BEFORE_ALL

    def remove(self, meter: Meter) -> bool:
        """Remove a batch of jobs and one of audit rows; return whether there may be more to remove at once.

        Trouble with the data is logged and passed over. Raises psycopg.OperationalError when the database is away.
        """
        more_jobs = self._settings.retention_jobs_days > 0 and _carefully(self._remove_jobs, meter)
        more_rows = self._settings.retention_audit_days > 0 and _carefully(self._cut_trails, meter)
        return more_jobs or more_rows

    def _remove_jobs(self, meter: Meter) -> bool:
        parameters = {
            "kept_days": self._settings.retention_jobs_days,
            "after": self._looked_behind,
            "at_most": JOBS_AT_ONCE,
        }
        with commit_boundary("remove-jobs"):
            [row] = self._database.query(self._sql["remove_jobs"], parameters)
        is_more = bool(row["looked_at"] == JOBS_AT_ONCE)
        self._looked_behind = row["last_id"] if is_more else BEFORE_ALL
        meter.count(Counter.JOBS_REMOVED, row["removed"])
        if row["removed"]:
            log.info("old jobs removed", extra={"jobs": row["removed"], "kept_days": parameters["kept_days"]})
        return is_more

    def _cut_trails(self, meter: Meter) -> bool:
        parameters = {"kept_days": self._settings.retention_audit_days, "at_most": AUDIT_ROWS_AT_ONCE}
        with commit_boundary("cut-trails"):
            [row] = self._database.query(self._sql["cut_trails"], parameters)
        meter.count(Counter.AUDIT_ROWS_REMOVED, row["audit_rows"])
        if row["audit_rows"]:
            log.info("old audit rows removed", extra={"rows": row["audit_rows"], "kept_days": parameters["kept_days"]})
        return not row["is_done"]


def _carefully(duty: Callable[[Meter], bool], meter: Meter) -> bool:
    try:
        return duty(meter)
    except HELD_UP as error:
        log.warning("old rows stay for now", extra={"error": type(error).__name__})
    except psycopg.OperationalError:
        raise
    except psycopg.Error as error:
        # Whatever is wrong with old rows, new messages must go out.
        log.error("old rows cannot be removed", extra={"error": str(error)})  # noqa: TRY400 - it is the database's
    return False
