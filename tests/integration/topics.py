"""Kafka as the MSK trigger reads it, but one step at a time, and records as a Lambda function gets them."""

import base64
import json
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from kafka import KafkaConsumer, TopicPartition

from localstack.kafka_client import KafkaAccess

TOPICS = {"job-events": 3, "job-events-bulk": 3, "job-results": 1, "job-dlq": 1}
LANES = ("job-events", "job-events-bulk")
READ_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class FakeRecord:
    """A record that need not have been in Kafka."""

    value: bytes | None
    key: bytes | None = None
    topic: str = "job-events"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: Sequence[tuple[str, bytes]] = field(default_factory=tuple)


class TopicReader:
    """Gives every record of a topic once."""

    def __init__(self, access: KafkaAccess) -> None:
        self._access = access
        self._positions: dict[TopicPartition, int] = {}

    def read(self, *topics: str) -> list[Any]:
        """Return what no earlier call returned, in the order of time."""
        partitions = [TopicPartition(topic, number) for topic in topics for number in range(TOPICS[topic])]
        # A new client each time: only its first fetch is sure to tell where the log ends by now, as an old one may
        # have fetched ahead, and Tansu's ListOffsets does not know.
        consumer = KafkaConsumer(**self._access.options, enable_auto_commit=False, fetch_max_wait_ms=10)
        try:
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, self._positions.get(partition, 0))
            return sorted(self._poll(consumer, partitions), key=lambda r: (r.timestamp, r.partition, r.offset))
        finally:
            consumer.close()

    def _poll(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> Iterator[Any]:
        deadline = time.monotonic() + READ_SECONDS
        while not self._is_at_end(consumer, partitions):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{partitions} could not be read to their ends")
            for partition, records in consumer.poll(timeout_ms=10).items():
                yield from records
                self._positions[partition] = records[-1].offset + 1
                # A long topic takes its time; only one that gives nothing more has no end.
                deadline = time.monotonic() + READ_SECONDS

    def _is_at_end(self, consumer: KafkaConsumer, partitions: list[TopicPartition]) -> bool:
        ends = [consumer.highwater(partition) for partition in partitions]
        return all(e is not None and self._positions.get(p, 0) >= e for e, p in zip(ends, partitions, strict=True))


def msk_event(records: Iterable[Any]) -> dict[str, Any]:
    """Shape records as an MSK event (docs: lambda/latest/dg/with-msk.html)."""
    grouped: dict[str, list[dict[str, Any]]] = {}
    for record in records:
        grouped.setdefault(f"{record.topic}-{record.partition}", []).append(
            {
                "topic": record.topic,
                "partition": record.partition,
                "offset": record.offset,
                "timestamp": record.timestamp,
                "timestampType": "CREATE_TIME",
                "key": None if record.key is None else base64.b64encode(record.key).decode(),
                "value": None if record.value is None else base64.b64encode(record.value).decode(),
                "headers": [{name: [b - 256 if b > 127 else b for b in value]} for name, value in record.headers],
            }
        )
    return {"eventSource": "aws:kafka", "eventSourceArn": "arn:test", "bootstrapServers": "", "records": grouped}


def event_types(records: Iterable[Any]) -> Iterator[str]:
    """Yield the event types of records."""
    for record in records:
        yield json.loads(record.value)["eventType"]


def values(records: Iterable[Any]) -> list[dict[str, Any]]:
    """Return the JSON values of records."""
    return [json.loads(record.value) for record in records]
