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
# How long a fetch may wait for records, in ms, and for how many seconds without any that is tried. Tansu looks through
# the list of a whole topic at each fetch, and answers with nothing when that takes longer than the wait.
WAITS = ((10, 2.0), (500, 20.0))


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
        found: list[Any] = []
        for wait_ms, patience_seconds in WAITS:
            if self._read_to_the_end(partitions, found, wait_ms=wait_ms, patience_seconds=patience_seconds):
                return sorted(found, key=lambda r: (r.timestamp, r.partition, r.offset))
        raise TimeoutError(f"{partitions} could not be read to their ends")

    def _read_to_the_end(
        self, partitions: list[TopicPartition], found: list[Any], *, wait_ms: int, patience_seconds: float
    ) -> bool:
        # A new client each time: only its first fetch is sure to tell where the log ends by now, as an old one may
        # have fetched ahead, and Tansu's ListOffsets does not know.
        consumer = KafkaConsumer(**self._access.options, enable_auto_commit=False, fetch_max_wait_ms=wait_ms)
        try:
            consumer.assign(partitions)
            for partition in partitions:
                consumer.seek(partition, self._positions.get(partition, 0))
            # A long topic takes its time; only one that gives nothing more has no end.
            deadline = time.monotonic() + patience_seconds
            while not self._is_at_end(consumer, partitions):
                if time.monotonic() > deadline:
                    return False
                for partition, records in consumer.poll(timeout_ms=10).items():
                    found += records
                    self._positions[partition] = records[-1].offset + 1
                    deadline = time.monotonic() + patience_seconds
            return True
        finally:
            consumer.close()

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
