"""The service's own metrics, read from its Prometheus text and compared with what was done."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DURATION = "job_processing_duration_seconds"


@dataclass(frozen=True)
class Snapshot:
    """Counters and gauges by name, and the duration histogram as (upper bound, values up to it)."""

    values: Mapping[str, float] = field(default_factory=dict)
    buckets: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class Compared:
    """A counter's growth beside what it should have been. Other work in the same cloud can only make it larger."""

    name: str
    grown: int
    expected: int

    @property
    def verdict(self) -> str:
        """ "ok", "ok, and others work here too", or "too few"."""
        if self.grown == self.expected:
            return "ok"
        return "ok, others work here too" if self.grown > self.expected else "too few"


def read(text: str) -> Snapshot:
    """The numbers in a Prometheus text. Raises ValueError for anything else."""
    values: dict[str, float] = {}
    buckets: list[tuple[float, float]] = []
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == f"{DURATION}_bucket":
                buckets.append((float(sample.labels["le"]), sample.value))
            else:
                values[sample.name] = sample.value
    return Snapshot(values, tuple(sorted(buckets)))


def compare(before: Snapshot, after: Snapshot, expected: Mapping[str, int]) -> list[Compared]:
    """How far each counter grew, beside what was expected of it."""
    return [
        Compared(name, round(after.values.get(name, 0) - before.values.get(name, 0)), wanted)
        for name, wanted in expected.items()
    ]


def grown_buckets(before: Snapshot, after: Snapshot) -> list[tuple[float, float]]:
    """The histogram of what came between the two."""
    earlier = dict(before.buckets)
    return [(bound, count - earlier.get(bound, 0)) for bound, count in after.buckets]


def quantile(fraction: float, buckets: Iterable[tuple[float, float]]) -> float | None:
    """The value below which that fraction lies, as Prometheus' histogram_quantile finds it; None without values.

    buckets: (upper bound, values up to it), ascending, the last one unbounded. Values above the last bound count as
    that bound.
    """
    rising = list(buckets)
    if not rising or rising[-1][1] <= 0:
        return None
    rank = fraction * rising[-1][1]
    lower_bound = lower_count = 0.0
    for bound, count in rising:
        if count >= rank and count > lower_count:
            if math.isinf(bound):
                return lower_bound
            return lower_bound + (bound - lower_bound) * (rank - lower_count) / (count - lower_count)
        lower_bound, lower_count = bound, count
    return None
