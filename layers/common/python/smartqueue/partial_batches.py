"""The answer to an MSK event source that takes partial batch responses: only these records come again.

Format: docs.aws.amazon.com/lambda/latest/dg/kafka-retry-configurations.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, order=True)
class Position:
    """Where a record came from; `partition` as the event names it, as in `job-events-0`."""

    partition: str
    offset: int

    @classmethod
    def of(cls, topic: str, partition: int, offset: int) -> "Position":
        """Return the position of a record."""
        return cls(f"{topic}-{partition}", offset)


def batch_answer(failed: Iterable[Position]) -> dict[str, Any]:
    """Return what a handler answers: none failed, some, or all."""
    return {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": position.partition, "offset": position.offset}}
            for position in sorted(set(failed))
        ]
    }
