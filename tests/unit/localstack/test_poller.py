"""What a poller does when the function, the broker or the queue says no."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError
from kafka import TopicPartition
from kafka.errors import KafkaConnectionError

from localstack.kafka_client import KafkaAccess
from localstack.trigger import poller as polling
from localstack.trigger.poller import Poller
from tests.unit.localstack.test_events import MAPPING, Message

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localstack.trigger.mappings import EventSourceMapping

PARTITION = TopicPartition("job-events", 0)
QUEUE = "arn:aws:sqs:us-east-1:000000000000:undelivered"
BATCH = [Message(4), Message(5), Message(6)]
AWAY = ConnectTimeoutError(endpoint_url="http://127.0.0.1:1")
FAILED = {"FunctionError": "Unhandled"}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "_LONGEST_PAUSE_SECONDS", 0)


def refusal(operation: str) -> ClientError:
    return ClientError({"Error": {"Code": "TooManyRequestsException", "Message": "no"}}, operation)


def reports(*offsets: int) -> dict[str, Any]:
    identifiers = [{"partition": "job-events-0", "offset": offset} for offset in offsets]
    return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}


class Functions:
    """Answers invocations one after the other, and keeps the offsets it was given."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)
        self.given: list[list[int]] = []

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803, ARG002 - as boto3 has it
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        self.given.append([record["offset"] for record in json.loads(Payload)["records"]["job-events-0"]])
        if answer is FAILED:
            return {**FAILED, "Payload": io.BytesIO(b"it broke")}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}


class Consumer:
    """Takes offsets, except for the first few times."""

    def __init__(self, *, away_times: int = 0, committed: int | None = None) -> None:
        self._away_times = away_times
        self._committed = committed
        self.commits: list[int] = []
        self.position: int | None = None

    def commit(self, offsets: dict[Any, Any]) -> None:
        if self._away_times:
            self._away_times -= 1
            raise KafkaConnectionError("away")
        self.commits += [entry.offset for entry in offsets.values()]

    def committed(self, partition: TopicPartition) -> int | None:  # noqa: ARG002 - as kafka-python has it
        return self._committed

    def seek(self, partition: TopicPartition, offset: int) -> None:  # noqa: ARG002 - as kafka-python has it
        self.position = offset


class Queues:
    """Takes messages, after the errors it was given."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.bodies: list[dict[str, Any]] = []

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - as boto3 has it
        assert QueueName == "undelivered"
        return {"QueueUrl": "http://queue"}

    def send_message(self, QueueUrl: str, MessageBody: str) -> None:  # noqa: N803, ARG002 - as boto3 has it
        if self._errors:
            raise self._errors.pop(0)
        self.bodies.append(json.loads(MessageBody))


def poller(mapping: EventSourceMapping, answers: Iterable[Any], queues: Queues | None = None) -> Poller:
    return Poller(
        mapping,
        [0],
        kafka=KafkaAccess("b"),
        functions=cast("Any", Functions(*answers)),
        queues=cast("Any", queues or Queues()),
    )


def given(one: Poller) -> list[list[int]]:
    return cast("Functions", one._functions).given


REPORTING = replace(MAPPING, partial_responses=True)
LIMITED = replace(REPORTING, retries=1, on_failure=QUEUE)


def test_a_mapping_without_limits_tries_until_it_works() -> None:
    consumer, queues = Consumer(), Queues()
    one = poller(MAPPING, [FAILED] * 30 + [None], queues)
    one._deliver(consumer, list(BATCH))

    assert given(one) == [[4, 5, 6]] * 31
    assert consumer.commits == [7]
    assert queues.bodies == []


def test_done_records_are_not_delivered_again_when_the_broker_takes_no_offsets() -> None:
    one, consumer = poller(REPORTING, [reports(5), reports(5), None]), Consumer(away_times=2)
    one._deliver(consumer, list(BATCH))

    assert given(one) == [[4, 5, 6], [5], [5]]
    assert consumer.commits == [7]


def test_a_new_consumer_goes_on_behind_what_was_done_but_not_committed() -> None:
    one = poller(REPORTING, [None])
    with pytest.raises(KafkaConnectionError):
        one._deliver(Consumer(away_times=1), list(BATCH))
    consumer = Consumer(committed=4)
    one._seek(consumer)

    assert consumer.position == 7
    assert consumer.commits == [7]


def test_a_topic_made_anew_is_read_from_its_beginning() -> None:
    one = poller(REPORTING, [None])
    with pytest.raises(KafkaConnectionError):
        one._deliver(Consumer(away_times=1), list(BATCH))
    consumer = Consumer(committed=None)
    one._seek(consumer)

    assert consumer.position == 0


def test_what_did_not_reach_the_function_uses_up_no_retry() -> None:
    queues = Queues()
    one, consumer = poller(LIMITED, [refusal("Invoke"), AWAY, FAILED, AWAY, FAILED], queues), Consumer()
    one._deliver(consumer, list(BATCH))

    assert given(one) == [[4, 5, 6]] * 2
    assert consumer.commits == [7]
    assert [body["requestContext"]["approximateInvokeCount"] for body in queues.bodies] == [2]


def test_only_records_that_never_came_through_are_given_up() -> None:
    queues = Queues(AWAY)
    one, consumer = poller(LIMITED, [reports(5, 6), reports(6)], queues), Consumer()
    one._deliver(consumer, list(BATCH))

    (body,) = queues.bodies
    assert (body["KafkaBatchInfo"]["startOffset"], body["KafkaBatchInfo"]["batchSize"]) == (6, 1)
    assert consumer.commits == [5, 7]


def test_a_queue_that_refuses_does_not_hold_the_partition_up() -> None:
    queues = Queues(refusal("SendMessage"))
    one, consumer = poller(LIMITED, [FAILED, FAILED], queues), Consumer()
    one._deliver(consumer, list(BATCH))

    assert queues.bodies == []
    assert consumer.commits == [7]


def test_nothing_is_committed_when_told_to_stop_before_the_queue_is_there() -> None:
    one, consumer = poller(replace(LIMITED, retries=0), [FAILED], Queues(AWAY)), Consumer()
    one.stop()
    one._deliver(consumer, list(BATCH))

    assert consumer.commits == []
