"""Which records of a batch are still to be delivered, and how far each partition's offset may be committed."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from kafka import TopicPartition

from localstack.trigger.events import Record, failed_positions, position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from localstack.trigger.mappings import EventSourceMapping


def remaining(response: Any, batch: Sequence[Record]) -> list[Record] | None:
    """The records that a function which reports batch item failures did not do.

    None when its answer makes no sense, or names records it was not given: AWS then takes none of them for done.
    """
    failed = failed_positions(response, batch)
    return None if failed is None else [record for record in batch if position(record) in failed]


def committable(batch: Sequence[Record], left: Sequence[Record]) -> dict[TopicPartition, int]:
    """The next offset of each partition, stopping at the first record that is still to be delivered."""
    offsets: dict[TopicPartition, int] = {}
    for record in batch:
        partition = TopicPartition(record.topic, record.partition)
        offsets[partition] = max(offsets.get(partition, 0), record.offset + 1)
    for record in left:
        partition = TopicPartition(record.topic, record.partition)
        offsets[partition] = min(offsets[partition], record.offset)
    return offsets


def is_exhausted(mapping: EventSourceMapping, attempts: int) -> bool:
    """Whether records that failed in so many invocations are given up; without a limit they never are."""
    return mapping.retries is not None and attempts > mapping.retries


def by_partition(records: Iterable[Record]) -> dict[int, list[Record]]:
    """The records of one topic, by the number of their partition."""
    grouped: dict[int, list[Record]] = defaultdict(list)
    for record in records:
        grouped[record.partition].append(record)
    return dict(sorted(grouped.items()))


def spans(records: Sequence[Record]) -> str:
    """The first and last offset of each partition, for a log line."""
    return " ".join(
        f"{found[0].topic}-{number}@{found[0].offset}..{found[-1].offset}"
        for number, found in by_partition(records).items()
    )
