"""The event that an MSK event source mapping gives a function, and how records are cut into such events."""

from __future__ import annotations

import base64
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from localstack.trigger.mappings import EventSourceMapping

# Lambda takes 6 MB in one invocation; the rest is room for the envelope.
PAYLOAD_LIMIT_BYTES = 6 * 1024 * 1024 - 64 * 1024
_RECORD_OVERHEAD_BYTES = 200
_TIMESTAMP_TYPES = {0: "CREATE_TIME", 1: "LOG_APPEND_TIME"}


class Record(Protocol):
    """What is used of kafka-python's ConsumerRecord."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...
    @property
    def timestamp_type(self) -> int: ...
    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True)
class Position:
    """One record's place: the partition as MSK events name it ("topic-0"), and the offset."""

    partition: str
    offset: int


def position(record: Record) -> Position:
    """Where the record is."""
    return Position(f"{record.topic}-{record.partition}", record.offset)


def build_event(mapping: EventSourceMapping, bootstrap: str, records: Iterable[Record]) -> dict[str, Any]:
    """The invocation's payload, shaped as AWS shapes it."""
    grouped: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for record in records:
        grouped[position(record).partition].append(_encode(record))
    source: dict[str, Any] = {"eventSource": "aws:SelfManagedKafka"}
    if mapping.source_arn:
        source = {"eventSource": "aws:kafka", "eventSourceArn": mapping.source_arn}
    return {**source, "bootstrapServers": bootstrap, "records": dict(grouped)}


def _encode(record: Record) -> dict[str, Any]:
    encoded: dict[str, Any] = {
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp,
        "timestampType": _TIMESTAMP_TYPES.get(record.timestamp_type, "NO_TIMESTAMP_TYPE"),
        "headers": [{name: list(value or b"")} for name, value in record.headers],
    }
    if record.key is not None:
        encoded["key"] = base64.b64encode(record.key).decode()
    encoded["value"] = None if record.value is None else base64.b64encode(record.value).decode()
    return encoded


def encoded_size(record: Record) -> int:
    """About how many bytes the record takes in the event (never less)."""
    content = len(record.key or b"") + len(record.value or b"")
    # A header's byte becomes a number of up to three digits and a comma, with a space.
    headers = sum(len(name) + 8 + 5 * len(value or b"") for name, value in record.headers)
    return content * 4 // 3 + 8 + headers + len(record.topic) + _RECORD_OVERHEAD_BYTES


def batch_length(records: Sequence[Record], *, batch_size: int, limit_bytes: int = PAYLOAD_LIMIT_BYTES) -> int:
    """How many of the records, from the first, make the next event: at least one, even when it is too big."""
    total = 0
    for index, record in enumerate(records[:batch_size]):
        total += encoded_size(record)
        if total > limit_bytes and index > 0:
            return index
    return min(len(records), batch_size)


def failed_positions(response: Any, batch: Iterable[Record]) -> set[Position] | None:
    """What a function that reports batch item failures asked to see again; None stands for the whole batch."""
    if not response:
        return set()
    try:
        failures = response.get("batchItemFailures") or []
        failed = {
            Position(item["itemIdentifier"]["partition"], int(item["itemIdentifier"]["offset"])) for item in failures
        }
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return failed if failed <= {position(record) for record in batch} else None
