"""The alarms that nothing on this machine can make ring: their metrics come from services that only AWS has.

They are applied to made values, one just beyond the threshold and one just within. docs/operations.md lists them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GIGABYTE = 1024**3


@dataclass(frozen=True)
class OnPaper:
    """Values of one period, by the ids of the alarm's metrics: those that must ring, and those that must not."""

    why: str
    beyond: Mapping[str, float | None]
    within: Mapping[str, float | None]


def _watched(why: str, *, beyond: float, within: float) -> OnPaper:
    return OnPaper(why, {"watched": beyond}, {"watched": within})


RDS = "RDS reports it"
MSK = "MSK reports it"
ELASTICACHE = "ElastiCache reports it"
NOT_LOCAL = "the function is not deployed locally"

ON_PAPER: Mapping[str, OnPaper] = {
    "database-cpu": _watched(RDS, beyond=85.1, within=85),
    "database-connections": _watched(RDS, beyond=321, within=320),
    "database-storage": _watched(RDS, beyond=5 * GIGABYTE - 1, within=5 * GIGABYTE),
    "database-transaction-ids": _watched(RDS, beyond=1_000_000_001, within=1_000_000_000),
    "kafka-offline-partitions": _watched(MSK, beyond=1, within=0),
    "kafka-under-replicated": OnPaper(
        MSK, {"broker1": 0, "broker2": 1, "broker3": None}, {"broker1": 0, "broker2": 0, "broker3": None}
    ),
    "kafka-disk": OnPaper(
        MSK, {"broker1": 40, "broker2": 41, "broker3": 80.1}, {"broker1": 40, "broker2": 41, "broker3": 80}
    ),
    "kafka-connections": OnPaper(
        MSK, {"broker1": 1, "broker2": None, "broker3": None}, {"broker1": 0, "broker2": None, "broker3": None}
    ),
    "cache-memory": OnPaper(ELASTICACHE, {"node1": 30, "node2": 80.1}, {"node1": 30, "node2": 80}),
    "cache-evictions": OnPaper(ELASTICACHE, {"node1": 1, "node2": 0}, {"node1": 0, "node2": 0}),
    "cache-cpu": OnPaper(ELASTICACHE, {"node1": 85.1, "node2": 3}, {"node1": 85, "node2": 3}),
    "undelivered-batches": _watched("only pollers of AWS give batches up, into SQS", beyond=1, within=0),
    "concurrency-near-reserve": OnPaper(
        "the emulator does not report concurrency",
        {"auth": None, "submit": 81, "query": 3, "replay": 8},
        {"auth": 16, "submit": 80, "query": 3, "replay": None},
    ),
    "export-errors": _watched(NOT_LOCAL, beyond=1, within=0),
    "metrics-export-failing": OnPaper(NOT_LOCAL, {"begun": 1, "failed": 1}, {"begun": 5, "failed": 4}),
}
