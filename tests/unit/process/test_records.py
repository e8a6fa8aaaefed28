"""Reading MSK records: every record is an event or poison, whatever its bytes."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.process.records import (
    MAX_KEY_CHARACTERS,
    MAX_VALUE_CHARACTERS,
    Record,
    decode,
    poison_message,
    read_records,
)
from smartqueue.errors import PoisonRecordError
from smartqueue.events import EventType, JobEvent
from smartqueue.ids import is_id, new_id

REASONS = {"NOT_JSON", "WRONG_SCHEMA", "UNKNOWN_TYPE"}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "eventType": st.sampled_from(EventType) | JSON,
        "jobId": st.uuids().map(str) | JSON,
        "tenantId": st.just("tenant-a") | JSON,
        "attempt": st.integers(-5, 2000) | JSON,
        "replayCount": st.integers() | JSON,
        "status": st.just("PENDING") | JSON,
        "correlationId": st.just("c") | JSON,
        "occurredAt": st.just("2026-01-01T00:00:00Z") | JSON,
        "schemaVersion": st.just(1) | JSON,
        "result": JSON,
    },
)


def record(value: bytes | None, key: bytes | None = b"k") -> Record:
    return Record(
        topic="job-events",
        partition=1,
        offset=7,
        key=None if key is None else base64.b64encode(key).decode(),
        value=None if value is None else base64.b64encode(value).decode(),
        correlation_id="corr-1",
    )


def judge(one: Record) -> JobEvent | PoisonRecordError:
    """Decode as the processor does, and check that poison can be written down."""
    try:
        return decode(one)
    except PoisonRecordError as error:
        poison = error
    assert poison.reason in REASONS
    json.loads(poison_message(one, poison).value)
    return poison


@given(st.binary())
def test_any_bytes_are_judged(value: bytes) -> None:
    assert isinstance(judge(record(value)), JobEvent | PoisonRecordError)


@given(JSON)
def test_any_json_is_judged(value: object) -> None:
    assert isinstance(judge(record(json.dumps(value).encode())), JobEvent | PoisonRecordError)


@given(FIELDS)
def test_anything_that_looks_like_an_event_is_judged(fields: dict[str, Any]) -> None:
    found = judge(record(json.dumps(fields).encode()))
    if isinstance(found, JobEvent):
        assert is_id(found.job_id)
        assert 0 <= found.attempt <= 1000
        assert 0 <= found.replay_count < 2**31


@given(st.text())
def test_a_value_that_is_no_base64_is_poison_too(value: str) -> None:
    one = Record(topic="t", partition=0, offset=0, key=None, value=value, correlation_id="c")
    assert isinstance(judge(one), PoisonRecordError)


def test_an_event_comes_back_as_it_was_sent() -> None:
    event = JobEvent(
        event_type=EventType.JOB_RETRY,
        job_id=new_id(),
        tenant_id="tenant-a",
        attempt=2,
        status="PENDING",
        correlation_id="c",
        title="ä \N{SNOWMAN}",
    )
    assert decode(record(event.to_json().encode())) == event


def test_a_poison_letter_holds_the_bytes_and_where_they_came_from() -> None:
    message = poison_message(record(b"\xff\x00", b"\xfe"), PoisonRecordError("NOT_JSON", "why"))
    letter = json.loads(message.value)
    assert (message.topic, message.key, message.correlation_id) == ("job-dlq", "job-events-1-7", "corr-1")
    assert base64.b64decode(letter["valueBase64"]) == b"\xff\x00"
    assert base64.b64decode(letter["keyBase64"]) == b"\xfe"
    assert (letter["failureReason"], letter["detail"], letter["truncated"]) == ("NOT_JSON", "why", False)
    assert (letter["sourceTopic"], letter["sourcePartition"], letter["sourceOffset"]) == ("job-events", 1, 7)


@pytest.mark.parametrize("extra", [-1, 0, 1])
def test_a_letter_fits_into_one_message_and_says_what_it_left_out(extra: int) -> None:
    value = b"v" * (MAX_VALUE_CHARACTERS // 4 * 3 + extra)
    message = poison_message(record(value, b"k" * MAX_KEY_CHARACTERS), PoisonRecordError("NOT_JSON", "why"))
    letter = json.loads(message.value)
    assert len(message.value) < 1_000_000
    assert value.startswith(base64.b64decode(letter["valueBase64"]))
    assert letter["truncated"] is True
    small_key = json.loads(poison_message(record(value), PoisonRecordError("NOT_JSON", "why")).value)
    assert small_key["truncated"] is (extra > 0)


def raw(headers: object) -> dict[str, Any]:
    return {"topic": "t", "partition": 0, "offset": 1, "key": None, "value": None, "headers": headers}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ([{"correlation_id": [99, 49]}], "c1"),
        ([{"other": [1]}, {"correlation_id": [-61, -92]}], "ä"),
        ([{"correlation_id": [-1]}], "\N{REPLACEMENT CHARACTER}"),
        ([{"correlation_id": [97] * 500}], "a" * 128),
    ],
)
def test_the_correlation_id_is_read_from_signed_header_bytes(headers: object, expected: str) -> None:
    [one] = read_records({"records": {"t-0": [raw(headers)]}})
    assert one.correlation_id == expected


@pytest.mark.parametrize("headers", [None, [], [{"correlation_id": []}], [{"x": [1]}]])
def test_a_record_without_one_gets_a_new_correlation_id(headers: object) -> None:
    [one] = read_records({"records": {"t-0": [raw(headers)]}})
    assert is_id(one.correlation_id)


def test_records_of_a_partition_keep_their_order() -> None:
    batch = {"records": {p: [{**raw(None), "topic": p, "offset": n} for n in range(5)] for p in ("a-0", "a-1")}}
    found = [(one.topic, one.offset) for one in read_records(batch)]
    assert found == [(p, n) for p in ("a-0", "a-1") for n in range(5)]
