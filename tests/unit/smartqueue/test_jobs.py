"""The states and the moves between them."""

import re
from datetime import UTC, datetime
from itertools import product
from pathlib import Path

import pytest

from functions.migrate.schema import read_migrations
from smartqueue.jobs import TERMINAL, TRANSITIONS, Action, IllegalTransitionError, JobView, Status, check_transition
from smartqueue.store.queries import load

ALLOWED = {
    ("PENDING", "PROCESSING"),
    ("PENDING", "CANCELLED"),
    ("PROCESSING", "COMPLETED"),
    ("PROCESSING", "FAILED"),
    ("PROCESSING", "PENDING"),
    ("FAILED", "PENDING"),
}


@pytest.mark.parametrize(("source", "target"), list(product(Status, Status)))
def test_exactly_the_documented_moves_are_allowed(source: Status, target: Status) -> None:
    assert ((source, target) in TRANSITIONS) is ((source.value, target.value) in ALLOWED)
    if (source, target) in TRANSITIONS:
        check_transition(source, target)
    else:
        with pytest.raises(IllegalTransitionError, match=f"{source} to {target}"):
            check_transition(source, target)


def test_nothing_leaves_completed_or_cancelled_and_every_state_can_be_reached() -> None:
    assert {source for source, _ in TRANSITIONS} == set(Status) - {Status.COMPLETED, Status.CANCELLED}
    assert {target for _, target in TRANSITIONS} == set(Status)
    assert {Status.COMPLETED, Status.FAILED, Status.CANCELLED} == TERMINAL


def test_the_states_of_the_schema_are_those_of_the_code() -> None:
    sql = "".join(migration.sql for migration in read_migrations())
    found = re.search(r"CREATE TYPE job_status AS ENUM \(([^)]*)\)", sql)
    assert found
    assert re.findall(r"'(\w+)'", found[1]) == [status.value for status in Status]


@pytest.mark.parametrize("aggregate", ["jobs", "attempts", "classifications"])
def test_every_action_that_the_statements_write_is_known(aggregate: str) -> None:
    written = set(re.findall(r"'(JOB_[A-Z_]+)'", "".join(load(aggregate).values())))
    assert written <= {action.value for action in Action}


def test_every_update_of_the_state_is_guarded_by_what_was_read() -> None:
    assert "j.version = w.version" in load("jobs")["move"]
    assert "j.lease_token IS NOT DISTINCT FROM w.lease_token" in load("jobs")["move"]
    assert "j.version = w.version" in load("jobs")["discard"]
    assert "j.attempt = w.attempt - 1" in load("attempts")["claim"]


def test_no_sql_is_written_outside_the_stores() -> None:
    root = Path(__file__).parents[3]
    sources = [*(root / "functions").rglob("*.py"), *(root / "layers").rglob("*.py")]
    with_sql = {p.name for p in sources if re.search(r"\b(UPDATE|INSERT INTO|DELETE FROM) \w+", p.read_text("utf-8"))}
    assert with_sql <= {"schema.py"}


def test_the_view_counts_retries_from_the_second_attempt_on() -> None:
    now = datetime.now(UTC)
    row = dict.fromkeys(JobView.model_fields) | {
        "job_id": "j", "tenant_id": "t", "type": "ticket", "title": "", "description": "", "payload": {},
        "status": "PENDING", "replay_count": 0, "max_retries": 3, "correlation_id": "c", "created_by": "u",
        "created_at": now, "updated_at": now, "version": 0,
    }  # fmt: skip
    views = [JobView.from_row({**row, "attempt": attempt}) for attempt in (0, 1, 4)]
    assert [(view.attempts, view.retry_count) for view in views] == [(0, 0), (1, 0), (4, 3)]
    assert "retryCount" in views[0].model_dump(by_alias=True)
