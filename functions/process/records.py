"""Reading the records of an MSK event: into job events, or into poison with its bytes and the reason."""

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from smartqueue.errors import PoisonRecordError
from smartqueue.events import CORRELATION_HEADER, JOB_DLQ, EventType, JobEvent, Message, PoisonRecord
from smartqueue.ids import new_id
from smartqueue.partial_batches import Position

KNOWN_EVENTS = frozenset(EventType)
# Kafka takes a megabyte, and base64 adds a third: a letter that is too big would block the partition for ever.
# The record itself stays in its topic. Multiples of four, so that what is kept can be decoded.
MAX_KEY_CHARACTERS = 64 * 1024
MAX_VALUE_CHARACTERS = 768 * 1024


@dataclass(frozen=True, kw_only=True)
class Record:
    """One Kafka record as Lambda hands it over: key and value in base64, or null."""

    topic: str
    partition: int
    offset: int
    key: str | None
    value: str | None
    correlation_id: str

    @property
    def position(self) -> Position:
        """Where it came from."""
        return Position.of(self.topic, self.partition, self.offset)


@dataclass(frozen=True)
class Decoded:
    """A record and the event it holds."""

    record: Record
    event: JobEvent


def read_records(msk_event: Mapping[str, Any]) -> Iterator[Record]:
    """Yield the records of all partitions, each partition in its order."""
    for records in msk_event["records"].values():
        for raw in records:
            yield Record(
                topic=raw["topic"],
                partition=raw["partition"],
                offset=raw["offset"],
                key=raw.get("key"),
                value=raw.get("value"),
                correlation_id=_correlation_id(raw.get("headers") or []),
            )


def decode(record: Record) -> JobEvent:
    """Return the event of a record. Raises PoisonRecordError if nobody ever can."""
    try:
        body = json.loads(base64.b64decode(record.value or "", validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise PoisonRecordError("NOT_JSON", "the value is not JSON") from None
    if not isinstance(body, dict):
        raise PoisonRecordError("WRONG_SCHEMA", "the value is not a JSON object")
    event_type = str(body.get("eventType"))
    if event_type not in KNOWN_EVENTS:
        raise PoisonRecordError("UNKNOWN_TYPE", f"eventType {event_type[:100]!a} is not known")
    try:
        return JobEvent.model_validate(body)
    except ValidationError as error:
        wrong = ", ".join(sorted({".".join(map(str, e["loc"])) for e in error.errors(include_input=False)}))
        raise PoisonRecordError("WRONG_SCHEMA", f"wrong fields: {wrong}") from None


def poison_message(record: Record, error: PoisonRecordError) -> Message:
    """Wrap an unreadable record for the dead-letter topic."""
    key, value = record.key or "", record.value or ""
    letter = PoisonRecord(
        failure_reason=error.reason,
        detail=error.detail,
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        key_base64=None if record.key is None else key[:MAX_KEY_CHARACTERS],
        value_base64=None if record.value is None else value[:MAX_VALUE_CHARACTERS],
        truncated=len(key) > MAX_KEY_CHARACTERS or len(value) > MAX_VALUE_CHARACTERS,
        correlation_id=record.correlation_id,
    )
    return Message(
        id=new_id(),
        topic=JOB_DLQ,
        key=f"{record.topic}-{record.partition}-{record.offset}",
        value=letter.to_json(),
        correlation_id=record.correlation_id,
        tenant_id="",
    )


def _correlation_id(headers: list[dict[str, list[int]]]) -> str:
    for header in headers:
        for name, value in header.items():
            if name == CORRELATION_HEADER:
                # Lambda gives header values as signed bytes.
                return bytes(b & 0xFF for b in value).decode("utf-8", "replace")[:128] or new_id()
    return new_id()
