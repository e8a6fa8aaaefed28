"""What the emulator's CloudWatch holds of the metrics that an alarm watches, in the words of the alarm."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from localstack.aws import client
from tests.alarms.template import localised

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.alarms.evaluation import Alarm, Query

# All that is asked for becomes one datapoint: see `Readings.values`.
EVERYTHING_SECONDS = 10**9


@dataclass(frozen=True)
class Window:
    """A stretch of time, no longer than the period of an alarm that is judged by it."""

    start: float
    end: float

    @classmethod
    def since(cls, start: float) -> Window:
        """From then until now."""
        return cls(start, time.time())


class Readings:
    """Reads metrics back."""

    def __init__(self, endpoint: str) -> None:
        self._metrics = client("cloudwatch", endpoint)

    def values(self, alarm: Alarm, window: Window) -> Mapping[str, float | None]:
        """One datapoint per metric of the alarm, by its id: the alarm's statistic over a period of the alarm's length.

        CloudWatch begins periods at whole minutes; here they begin where the window does, so that nobody waits for the
        clock. What comes after the window counts for nothing, what would have come before it neither.
        """
        assert 0 < window.end - window.start <= alarm.period_seconds, f"{window} is no period of {alarm.name}"
        return {identity: self.value(localised(query), window) for identity, query in alarm.queries.items()}

    def value(self, query: Query, window: Window) -> float | None:
        """One statistic over all that was measured within the window; None when nothing was."""
        is_percentile = query.statistic[1:].isdigit()
        answer = self._metrics.get_metric_statistics(
            Namespace=query.namespace,
            MetricName=query.name,
            Dimensions=[{"Name": name, "Value": value} for name, value in query.dimensions],
            StartTime=datetime.fromtimestamp(window.start, UTC),
            EndTime=datetime.fromtimestamp(window.end, UTC),
            Period=EVERYTHING_SECONDS,
            **({"ExtendedStatistics": [query.statistic]} if is_percentile else {"Statistics": [query.statistic]}),  # type: ignore[arg-type]
        )
        if not answer["Datapoints"]:
            return None
        (point,) = answer["Datapoints"]
        found = point["ExtendedStatistics"] if is_percentile else point
        return float(found[query.statistic])  # type: ignore[literal-required]
