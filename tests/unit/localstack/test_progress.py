"""Which records of a batch are left, how far offsets go, and what is said of records that are given up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition

from localstack.trigger.lag import cluster_name, lag_data
from localstack.trigger.last_resort import failure_messages
from localstack.trigger.mappings import EventSourceMapping
from localstack.trigger.progress import committable, is_exhausted, remaining, spans
from tests.unit.localstack.test_events import MAPPING, Message

CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/smartqueue-local/0-1"
TOPIC = "job-events"
BATCH = [Message(4), Message(5), Message(6), Message(9, partition=1)]


def failures(*records: Message) -> dict[str, object]:
    identifiers = [{"partition": f"{TOPIC}-{record.partition}", "offset": record.offset} for record in records]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


@pytest.mark.parametrize("response", [None, {}, {"batchItemFailures": []}, {"batchItemFailures": None}])
def test_an_empty_answer_leaves_nothing(response: object) -> None:
    assert remaining(response, BATCH) == []


def test_reported_records_are_left_in_their_order() -> None:
    assert remaining(failures(BATCH[3], BATCH[1]), BATCH) == [BATCH[1], BATCH[3]]


def test_a_record_that_was_done_before_cannot_be_reported_again() -> None:
    assert remaining(failures(BATCH[0], BATCH[1]), BATCH[1:]) is None


def test_offsets_go_up_to_the_first_record_left() -> None:
    first, second = TopicPartition(TOPIC, 0), TopicPartition(TOPIC, 1)

    assert committable(BATCH, []) == {first: 7, second: 10}
    assert committable(BATCH, [BATCH[1]]) == {first: 5, second: 10}
    assert committable(BATCH, BATCH) == {first: 4, second: 9}


@given(st.sets(st.integers(0, 20), min_size=1), st.data())
def test_no_record_left_is_ever_committed(offsets: set[int], data: st.DataObject) -> None:
    batch = [Message(offset) for offset in sorted(offsets)]
    left = [record for record in batch if data.draw(st.booleans())]
    (committed,) = committable(batch, left).values()

    assert all(record.offset >= committed for record in left)
    assert all(record in left for record in batch if record.offset == committed)
    assert committed == (left[0].offset if left else batch[-1].offset + 1)


@pytest.mark.parametrize(("retries", "exhausted_after"), [(0, 1), (2, 3)])
def test_the_first_delivery_is_no_retry(retries: int, exhausted_after: int) -> None:
    mapping = replace(MAPPING, retries=retries)

    assert not is_exhausted(mapping, exhausted_after - 1)
    assert is_exhausted(mapping, exhausted_after)


def test_without_a_limit_nothing_is_given_up() -> None:
    assert not is_exhausted(MAPPING, 10**6)


def test_a_message_per_partition_says_where_the_records_are() -> None:
    mapping = replace(MAPPING, source_arn=CLUSTER_ARN)
    messages = failure_messages(mapping, "b-1:9098", [BATCH[3], BATCH[0], BATCH[2]], invocations=3)

    assert [message["requestContext"]["approximateInvokeCount"] for message in messages] == [3, 3]
    assert {message["requestContext"]["condition"] for message in messages} == {"RetriesExhausted"}
    arn = "arn:aws:lambda:us-east-1:000000000000:function:f"
    assert {message["requestContext"]["functionArn"] for message in messages} == {arn}
    first, second = (message["KafkaBatchInfo"] for message in messages)
    assert first.pop("payloadSize") > second.pop("payloadSize") > 0
    moment = "2018-12-17T22:10:50.987Z"
    assert first == {
        "topic": TOPIC,
        "partition": 0,
        "startOffset": 4,
        "endOffset": 6,
        "batchSize": 2,
        "eventSourceArn": CLUSTER_ARN,
        "bootstrapServers": "b-1:9098",
        "recordsInfo": {
            "job-events-0": {
                "firstRecordOffset": "4",
                "lastRecordOffset": "6",
                "firstRecordTimestamp": moment,
                "lastRecordTimestamp": moment,
            }
        },
    }
    assert (second["partition"], second["startOffset"], second["endOffset"]) == (1, 9, 9)


def test_spans_name_every_partition() -> None:
    assert spans(BATCH) == "job-events-0@4..6 job-events-1@9..9"


@pytest.mark.parametrize(("arn", "name"), [(CLUSTER_ARN, "smartqueue-local"), ("arn:aws:kafka:x", None), (None, None)])
def test_the_cluster_s_name_is_in_its_arn(arn: str | None, name: str | None) -> None:
    assert cluster_name(arn) == name


def test_lag_is_published_as_msk_does() -> None:
    at = datetime.now(UTC)
    total, largest = lag_data(replace(MAPPING, source_arn=CLUSTER_ARN), {0: 2, 1: 5}, at=at)

    assert (total["MetricName"], total["Value"]) == ("SumOffsetLag", 7)
    assert (largest["MetricName"], largest["Value"]) == ("MaxOffsetLag", 5)
    assert total["Timestamp"] == at
    assert total["Dimensions"] == [
        {"Name": "Cluster Name", "Value": "smartqueue-local"},
        {"Name": "Consumer Group", "Value": "g"},
        {"Name": "Topic", "Value": TOPIC},
    ]


@pytest.mark.parametrize("lags", [{}, {0: 2, 1: None}])
def test_a_lag_that_is_not_fully_known_is_not_published(lags: dict[int, int | None]) -> None:
    mapping = EventSourceMapping(function="f", topic=TOPIC, group="g", source_arn=CLUSTER_ARN)

    assert lag_data(mapping, lags, at=datetime.now(UTC)) == []
