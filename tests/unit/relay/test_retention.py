"""What the relay does about old rows: a batch of each kind, whatever happens to the other."""

from typing import Any

import psycopg
import pytest

from functions.relay.retention import AUDIT_ROWS_AT_ONCE, BEFORE_ALL, JOBS_AT_ONCE, Retention
from functions.relay.settings import RetentionSettings
from smartqueue.metrics import Counter

ID = "01a20d00-0000-7000-8000-000000000001"
NO_JOBS = {"looked_at": 0, "last_id": None, "removed": 0}
NO_ROWS = {"audit_rows": 0, "is_done": True}


class Database:
    """Answers for both statements, by the parameters that they have."""

    def __init__(self) -> None:
        self.jobs: list[Any] = []
        self.rows: list[Any] = []
        self.asked: list[dict[str, Any]] = []

    def query(self, _: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        self.asked.append(parameters)
        answers, nothing = (self.jobs, NO_JOBS) if "after" in parameters else (self.rows, NO_ROWS)
        answer = answers.pop(0) if answers else nothing
        if isinstance(answer, Exception):
            raise answer
        return [answer]

    @property
    def looked_behind(self) -> list[str]:
        return [parameters["after"] for parameters in self.asked if "after" in parameters]


class Tally:
    """Counts as a meter does."""

    def __init__(self) -> None:
        self.counts: dict[Counter, int] = {}

    def count(self, counter: Counter, number: int) -> None:
        self.counts[counter] = self.counts.get(counter, 0) + number


def remove(database: Database, *, times: int = 1, jobs_days: int = 90, audit_days: int = 400) -> tuple[list[bool], Any]:
    settings = RetentionSettings(retention_jobs_days=jobs_days, retention_audit_days=audit_days)
    retention, tally = Retention(database, settings), Tally()  # type: ignore[arg-type]
    return [retention.remove(tally) for _ in range(times)], tally.counts  # type: ignore[arg-type]


def test_both_are_asked_for_with_the_days_of_the_stage() -> None:
    database = Database()
    assert remove(database)[0] == [False]
    assert database.asked == [
        {"kept_days": 90, "after": BEFORE_ALL, "at_most": JOBS_AT_ONCE},
        {"kept_days": 400, "at_most": AUDIT_ROWS_AT_ONCE},
    ]


def test_what_is_kept_for_ever_is_not_even_looked_at() -> None:
    database = Database()
    remove(database, audit_days=0)
    assert [parameters["kept_days"] for parameters in database.asked] == [90]
    database = Database()
    assert remove(database, jobs_days=0, audit_days=0)[0] == [False]
    assert database.asked == []


def test_looking_goes_on_behind_a_full_batch_and_starts_anew_behind_the_last() -> None:
    database = Database()
    full = {"looked_at": JOBS_AT_ONCE, "last_id": ID, "removed": 3}
    database.jobs = [full, {"looked_at": JOBS_AT_ONCE - 1, "last_id": ID, "removed": 4}]
    more, counts = remove(database, times=3)
    assert more == [True, False, False]
    assert database.looked_behind == [BEFORE_ALL, ID, BEFORE_ALL]
    assert counts == {Counter.JOBS_REMOVED: 7, Counter.AUDIT_ROWS_REMOVED: 0}


def test_trails_that_are_not_cut_to_the_end_are_gone_on_with() -> None:
    database = Database()
    database.rows = [{"audit_rows": 2000, "is_done": False}, {"audit_rows": 11, "is_done": True}]
    more, counts = remove(database, times=2)
    assert more == [True, False]
    assert counts[Counter.AUDIT_ROWS_REMOVED] == 2011


@pytest.mark.parametrize(
    "error",
    [
        psycopg.errors.QueryCanceled("too slow"),
        psycopg.errors.LockNotAvailable("somebody else's"),
        psycopg.errors.RaiseException("a trail is cut only at a head"),
        psycopg.errors.UndefinedFunction("no such function"),
    ],
)
def test_trouble_with_one_kind_stops_neither_the_other_nor_the_relay(
    error: psycopg.Error, caplog: pytest.LogCaptureFixture
) -> None:
    database = Database()
    database.jobs, database.rows = [error], [{"audit_rows": 5, "is_done": True}]
    more, counts = remove(database)
    assert (more, counts) == ([False], {Counter.AUDIT_ROWS_REMOVED: 5})
    assert [record.levelname for record in caplog.records if "old rows" in record.message] in (["WARNING"], ["ERROR"])


def test_an_absent_database_is_the_loops_business() -> None:
    database = Database()
    database.jobs = [psycopg.OperationalError("away")]
    with pytest.raises(psycopg.OperationalError):
        remove(database)
