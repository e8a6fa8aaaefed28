"""The envelope of events."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from smartqueue.events import RUN_EVENTS, EventType, JobEvent, event_message
from smartqueue.ids import new_id


def make_event(**changes: Any) -> JobEvent:
    fields: dict[str, Any] = {
        "event_type": EventType.JOB_CREATED,
        "job_id": new_id(),
        "tenant_id": "tenant-a",
        "attempt": 1,
        "status": "PENDING",
        "correlation_id": "c",
    }
    return JobEvent(**{**fields, **changes})


@given(
    event_type=st.sampled_from(EventType),
    attempt=st.integers(0, 1000),
    replay_count=st.integers(0, 2**31 - 1),
    title=st.none() | st.text(st.characters(exclude_categories=["Cs"])),
    result=st.none() | st.dictionaries(st.text("abc"), st.integers()),
)
def test_an_event_survives_the_wire(**fields: Any) -> None:
    event = make_event(**fields)
    assert JobEvent.model_validate_json(event.to_json()) == event


def test_the_wire_is_camel_case_and_leaves_out_what_is_not_there() -> None:
    body = json.loads(make_event().to_json())
    assert {"eventId", "eventType", "schemaVersion", "jobId", "tenantId", "attempt", "replayCount"} <= body.keys()
    assert {"title", "description", "result", "failureReason"}.isdisjoint(body)
    assert body["occurredAt"].endswith("Z")


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": 2},
        {"job_id": "1"},
        {"job_id": new_id() + "\n"},
        {"tenant_id": ""},
        {"tenant_id": "a\0"},
        {"tenant_id": "A"},
        {"attempt": -1},
        {"attempt": 1001},
        {"replay_count": 2**31},
        {"correlation_id": ""},
    ],
)
def test_what_no_producer_of_ours_would_write_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        make_event(**changes)


def test_the_idempotency_key_tells_attempts_runs_types_and_tenants_apart_but_not_deliveries() -> None:
    job_id = new_id()
    base = {"job_id": job_id}
    variants: list[dict[str, Any]] = [
        base,
        {**base, "attempt": 2},
        {**base, "replay_count": 1},
        {**base, "event_type": EventType.JOB_RETRY},
        {**base, "tenant_id": "tenant-b"},
        {},
    ]
    assert len({make_event(**variant).idempotency_key for variant in variants}) == len(variants)
    assert make_event(**base).idempotency_key == make_event(**base).idempotency_key
    assert make_event(job_id=job_id.upper()).idempotency_key == make_event(**base).idempotency_key


def test_an_event_travels_under_its_jobs_id_with_the_correlation_id_as_a_header() -> None:
    event = make_event()
    message = event_message(event, due_in_seconds=2)
    assert (message.topic, message.key, message.due_in_seconds) == ("job-events", event.job_id, 2)
    assert message.headers == {"correlation_id": "c"}
    assert message.id != event_message(event).id


def test_events_that_tell_an_ending_ask_for_no_attempt() -> None:
    assert {"JOB_CREATED", "JOB_CLASSIFIED", "JOB_RETRY", "JOB_REPLAYED"} == RUN_EVENTS
