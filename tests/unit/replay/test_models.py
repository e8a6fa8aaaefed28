"""Dead letters as they are listed, and the filters of bulk actions."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from functions.replay.models import MAX_BULK, BulkBody, DeadLetterView
from smartqueue.ids import new_id
from smartqueue.store.jobs import DeadFilters


@pytest.mark.parametrize(("replays", "event"), [(0, "JOB_CREATED"), (2, "JOB_REPLAYED")])
def test_a_letter_tells_how_often_it_was_tried_and_where_it_came_from(replays: int, event: str) -> None:
    row: dict[str, Any] = {
        "job_id": new_id(),
        "tenant_id": "t",
        "type": "ticket",
        "title": "x",
        "description": "",
        "payload": {},
        "category": None,
        "priority": None,
        "last_error": None,
        "attempt": 4,
        "replay_count": replays,
        "completed_at": datetime.now(UTC),
        "correlation_id": "c",
    }
    view = DeadLetterView.from_row(row)
    assert (view.attempts, view.retry_count, view.original_event_type, view.failure_reason) == (4, 3, event, "")


def test_no_filter_means_everything_up_to_the_limit() -> None:
    body = BulkBody()
    assert (body.filters(), body.limit) == (DeadFilters(), MAX_BULK)


@pytest.mark.parametrize(
    "fields",
    [
        {"jobIds": []},
        {"jobIds": ["x"]},
        {"jobIds": [new_id()] * (MAX_BULK + 1)},
        {"category": "Anything"},
        {"priority": "URGENT"},
        {"reason": ""},
        {"failedAfter": "yesterday"},
        {"failedAfter": "2026-01-01T00:00:00"},
        {"failedAfter": 140826},
        {"failedBefore": "1767225600"},
        {"failedBefore": -2.2e-313},
        {"limit": True},
        {"limit": "5"},
        {"limit": 0},
        {"limit": MAX_BULK + 1},
        {"status": "FAILED"},
    ],
)
def test_a_filter_that_would_mean_something_else_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        BulkBody.model_validate(fields)
