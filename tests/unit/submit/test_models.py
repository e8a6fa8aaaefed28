"""What a submitted body may look like."""

from typing import Any

import pytest
from pydantic import ValidationError

from functions.submit.models import MAX_BATCH, BatchBody, JobBody


@pytest.mark.parametrize(
    "fields",
    [
        {"title": ""},
        {"title": "   "},
        {"title": "x" * 201},
        {"title": "x", "description": "x" * 10_001},
        {"title": "x", "tenantId": "tenant-b"},
        {"title": "x", "status": "COMPLETED"},
        {"title": "x", "timeoutSeconds": 0.5},
        {"title": "x", "timeoutSeconds": 31},
        {"title": "x", "retry": {"count": 11}},
        {"title": "x", "retry": {"count": -1}},
        {"title": "x", "retry": {"baseSeconds": 0}},
        {"title": "x", "retry": {"forever": True}},
        {"title": "x", "payload": []},
        {"title": "x", "timeoutSeconds": "5"},
        {"title": "x", "timeoutSeconds": True},
        {"title": "x", "retry": {"count": True}},
        {"title": "x", "retry": {"count": "3"}},
        {"title": "x", "retry": {"baseSeconds": "1"}},
    ],
)
def test_a_wrong_body_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JobBody.model_validate(fields)


def test_a_title_is_all_that_is_needed_and_its_edges_are_trimmed() -> None:
    body = JobBody.model_validate({"title": "  x  "})
    assert (body.title, body.type, body.timeout_seconds) == ("x", "ticket", 10)


@pytest.mark.parametrize(("count", "good"), [(0, False), (1, True), (MAX_BATCH, True), (MAX_BATCH + 1, False)])
def test_a_batch_has_one_to_a_hundred_jobs(count: int, good: bool) -> None:
    jobs = [{"title": "x"}] * count
    if good:
        assert len(BatchBody.model_validate({"jobs": jobs}).jobs) == count
    else:
        with pytest.raises(ValidationError):
            BatchBody.model_validate({"jobs": jobs})
