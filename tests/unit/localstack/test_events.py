"""The MSK event and how records are cut into events."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localstack.trigger.events import batch_length, build_event, encoded_size, failed_positions, position
from localstack.trigger.mappings import EventSourceMapping

MAPPING = EventSourceMapping(function="f", topic="job-events", group="g", source_arn="arn:aws:kafka:x")


@dataclass
class Message:
    offset: int = 0
    partition: int = 0
    key: bytes | None = b"k"
    value: bytes | None = b"v"
    headers: list[tuple[str, bytes | None]] = field(default_factory=list)
    topic: str = "job-events"
    timestamp: int = 1545084650987
    timestamp_type: int = 0


def test_the_event_is_msk_s() -> None:
    event = build_event(MAPPING, "b-1:9098", [Message(15, headers=[("he", b"ab")]), Message(3, partition=1)])

    assert event == {
        "eventSource": "aws:kafka",
        "eventSourceArn": "arn:aws:kafka:x",
        "bootstrapServers": "b-1:9098",
        "records": {
            "job-events-0": [
                {
                    "topic": "job-events",
                    "partition": 0,
                    "offset": 15,
                    "timestamp": 1545084650987,
                    "timestampType": "CREATE_TIME",
                    "headers": [{"he": [97, 98]}],
                    "key": "aw==",
                    "value": "dg==",
                }
            ],
            "job-events-1": [
                {
                    "topic": "job-events",
                    "partition": 1,
                    "offset": 3,
                    "timestamp": 1545084650987,
                    "timestampType": "CREATE_TIME",
                    "headers": [],
                    "key": "aw==",
                    "value": "dg==",
                }
            ],
        },
    }


def test_a_missing_key_is_absent_and_a_missing_value_is_null() -> None:
    record = build_event(MAPPING, "b", [Message(key=None, value=None)])["records"]["job-events-0"][0]

    assert "key" not in record
    assert record["value"] is None


def test_a_mapping_without_an_arn_is_a_self_managed_source() -> None:
    event = build_event(EventSourceMapping(function="f", topic="t", group="g"), "b", [Message()])

    assert event["eventSource"] == "aws:SelfManagedKafka"
    assert "eventSourceArn" not in event


def test_batches_end_at_the_size_and_at_the_bytes() -> None:
    records = [Message(number, value=b"x" * 300) for number in range(10)]

    assert batch_length(records, batch_size=4) == 4
    assert batch_length(records, batch_size=100) == 10
    assert batch_length(records, batch_size=100, limit_bytes=3 * encoded_size(records[0])) == 3
    assert batch_length(records, batch_size=100, limit_bytes=1) == 1


@given(
    key=st.none() | st.binary(max_size=200),
    value=st.none() | st.binary(max_size=2_000),
    headers=st.lists(st.tuples(st.sampled_from(["a", "correlation-id"]), st.binary(max_size=50)), max_size=4),
)
def test_the_size_is_never_estimated_too_small(
    key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]
) -> None:
    record = Message(10**9, key=key, value=value, headers=list(headers))
    event = build_event(MAPPING, "b", [record])

    assert len(json.dumps(event["records"]["job-events-0"][0])) <= encoded_size(record)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (None, set()),
        ({}, set()),
        ({"batchItemFailures": []}, set()),
        ({"batchItemFailures": None}, set()),
        ({"batchItemFailures": [{"itemIdentifier": {"partition": "job-events-0", "offset": 1}}]}, {1}),
        ({"batchItemFailures": [{"itemIdentifier": {"partition": "job-events-0", "offset": 9}}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": {"partition": "other-0", "offset": 1}}]}, None),
        ({"batchItemFailures": [{"itemIdentifier": "1"}]}, None),
        ({"batchItemFailures": [{}]}, None),
        ("text", None),
    ],
)
def test_what_a_function_reports_as_failed(response: object, expected: set[int] | None) -> None:
    batch = [Message(0), Message(1)]
    failed = failed_positions(response, batch)

    assert failed == (None if expected is None else {position(batch[offset]) for offset in expected})
