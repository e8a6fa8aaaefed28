"""One log line in CloudWatch's embedded metric format into the data points it stands for."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

MARKER = '"CloudWatchMetrics"'
_DEFAULT_UNIT = "None"


@dataclass(frozen=True)
class Datum:
    """The values of one metric with one set of dimensions at one moment."""

    namespace: str
    name: str
    unit: str
    dimensions: tuple[tuple[str, str], ...]
    timestamp_seconds: float
    values: tuple[float, ...]

    def counted(self) -> tuple[list[float], list[float]]:
        """Distinct values and how often each occurs, as PutMetricData wants them."""
        counts = Counter(self.values)
        return list(counts), [float(count) for count in counts.values()]


def parse(line: str) -> list[Datum]:
    """The data points of a line; none for a line in another format, and a metric without a number is left out."""
    if MARKER not in line:
        return []
    try:
        blob = json.loads(line[line.index("{") :])
        return list(_data(blob))
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _data(blob: dict[str, Any]) -> Iterator[Datum]:
    metadata = blob["_aws"]
    timestamp_seconds = float(metadata["Timestamp"]) / 1000
    for directive in metadata["CloudWatchMetrics"]:
        # A directive without dimensions still is a metric: the one with none.
        for names in directive.get("Dimensions") or [[]]:
            dimensions = tuple((name, str(blob[name])) for name in names if name in blob)
            for metric in directive["Metrics"]:
                values = _numbers(blob.get(metric["Name"]))
                if values:
                    yield Datum(
                        namespace=directive["Namespace"],
                        name=metric["Name"],
                        unit=metric.get("Unit") or _DEFAULT_UNIT,
                        dimensions=dimensions,
                        timestamp_seconds=timestamp_seconds,
                        values=values,
                    )


def _numbers(value: Any) -> tuple[float, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(float(one) for one in values if isinstance(one, int | float) and not isinstance(one, bool))
