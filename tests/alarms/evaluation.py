"""What CloudWatch makes of an alarm's series: its state, by its own threshold, periods and missing-data rule."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Self

from tests.alarms.expressions import Series, evaluate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
WATCHED = "watched"


class State(StrEnum):
    """Of an alarm; `UNCHANGED` is what it was before."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True)
class Query:
    """One metric with one statistic."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


@dataclass(frozen=True)
class Alarm:
    """An alarm as its template has it. A plain metric is the expression of its own name."""

    name: str
    queries: Mapping[str, Query]
    expression: str
    period_seconds: int
    comparison: str
    threshold: float
    periods: int
    datapoints: int
    missing: str

    @classmethod
    def read(cls, name: str, properties: Mapping[str, Any]) -> Self:
        """Read a resource's properties. Raises KeyError for what we never use."""
        queries, expression, periods = _metrics(properties)
        (period,) = set(periods)
        return cls(
            name=name,
            queries=queries,
            expression=expression,
            period_seconds=period,
            comparison=properties["ComparisonOperator"],
            threshold=properties["Threshold"],
            periods=properties["EvaluationPeriods"],
            datapoints=properties.get("DatapointsToAlarm", properties["EvaluationPeriods"]),
            missing=properties["TreatMissingData"],
        )

    def series(self, metrics: Mapping[str, Series]) -> Series:
        """What the alarm watches, made of its metrics by their ids."""
        return metrics[WATCHED] if self.expression == WATCHED else evaluate(self.expression, metrics)

    def breaches(self, value: float) -> bool:
        """Whether one datapoint is on the wrong side."""
        return COMPARISONS[self.comparison](value, self.threshold)

    def state(self, metrics: Mapping[str, Series]) -> State:
        """The state after the last of these periods, of which there must be as many as the alarm looks at."""
        recent = self.series(metrics)[-self.periods :]
        if len(recent) < self.periods:
            raise ValueError(f"{self.name} looks at {self.periods} periods, not {len(recent)}")
        present = [value for value in recent if value is not None]
        absent = len(recent) - len(present)
        beyond = sum(map(self.breaches, present)) + (absent if self.missing == "breaching" else 0)
        if beyond >= self.datapoints:
            return State.ALARM
        if not present and self.missing == "missing":
            return State.INSUFFICIENT_DATA
        if not present and self.missing == "ignore":
            return State.UNCHANGED
        return State.OK


def _metrics(properties: Mapping[str, Any]) -> tuple[dict[str, Query], str, list[int]]:
    if "Metrics" not in properties:
        statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
        return {WATCHED: _query(properties, statistic)}, WATCHED, [properties["Period"]]
    (watched,) = [part for part in properties["Metrics"] if part.get("ReturnData", True)]
    stats = {part["Id"]: part["MetricStat"] for part in properties["Metrics"] if "MetricStat" in part}
    queries = {identity: _query(stat["Metric"], stat["Stat"]) for identity, stat in stats.items()}
    return queries, watched["Expression"], [stat["Period"] for stat in stats.values()]


def _query(metric: Mapping[str, Any], statistic: str) -> Query:
    dimensions = tuple(sorted((pair["Name"], pair["Value"]) for pair in metric["Dimensions"]))
    return Query(metric["Namespace"], metric["MetricName"], dimensions, statistic)
