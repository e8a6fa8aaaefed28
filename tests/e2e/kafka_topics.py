"""Kafka as another team's program sees it: reads whole topics and writes records of its own."""

from __future__ import annotations

import json
import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from localstack.services.kafka import quiet_client_logs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localstack.kafka_client import KafkaAccess

# How long a topic must have given nothing to count as read to its end.
SILENCE_SECONDS = 0.5
POLL_MS = 100


@dataclass(frozen=True)
class Record:
    """One record. headers: the last value of each name."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str]

    @property
    def body(self) -> dict[str, Any]:
        """The value, decoded."""
        body: dict[str, Any] = json.loads(self.value)
        return body


def read(access: KafkaAccess, topic: str) -> list[Record]:
    """Every record of a topic, from the beginning."""
    quiet_client_logs()
    consumer = KafkaConsumer(**access.options, enable_auto_commit=False, fetch_max_wait_ms=POLL_MS)
    found: list[Record] = []
    with closing(consumer):
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        # By position: seek_to_beginning asks for offsets, which this broker answers in its own way.
        for partition in partitions:
            consumer.seek(partition, 0)
        last = time.monotonic()
        while time.monotonic() - last < SILENCE_SECONDS:
            for records in consumer.poll(timeout_ms=POLL_MS).values():
                last = time.monotonic()
                found.extend(_record(topic, record) for record in records)
    return found


def write(access: KafkaAccess, topic: str, *, key: str, value: bytes, headers: Mapping[str, str] | None = None) -> None:
    """Put one record on a topic and wait for the broker's word."""
    quiet_client_logs()
    producer = KafkaProducer(**access.options, acks="all", enable_idempotence=False)
    with closing(producer):
        sent = [(name, text.encode()) for name, text in (headers or {}).items()]
        producer.send(topic, key=key.encode(), value=value, headers=sent).get(10)


def _record(topic: str, record: Any) -> Record:
    return Record(
        topic=topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode(),
        value=record.value or b"",
        headers={name: value.decode() for name, value in record.headers},
    )
