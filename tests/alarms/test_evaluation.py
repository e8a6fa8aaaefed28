"""The state of an alarm, by its threshold, periods, datapoints and what it makes of silence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.alarms.evaluation import WATCHED, Alarm, Query, State
from tests.alarms.expressions import Series

PLAIN: dict[str, Any] = {
    "Namespace": "N",
    "MetricName": "M",
    "Dimensions": [{"Name": "d", "Value": "v"}],
    "Statistic": "Sum",
    "Period": 60,
    "ComparisonOperator": "GreaterThanThreshold",
    "Threshold": 5,
    "EvaluationPeriods": 3,
    "TreatMissingData": "notBreaching",
}


def plain(**changes: object) -> Alarm:
    return Alarm.read("plain", {**PLAIN, **changes})


@pytest.mark.parametrize(
    ("comparison", "below", "at", "above"),
    [
        ("GreaterThanThreshold", False, False, True),
        ("GreaterThanOrEqualToThreshold", False, True, True),
        ("LessThanThreshold", True, False, False),
        ("LessThanOrEqualToThreshold", True, True, False),
    ],
)
def test_the_comparison_is_the_alarms_own(comparison: str, below: bool, at: bool, above: bool) -> None:
    alarm = plain(ComparisonOperator=comparison)
    assert [alarm.breaches(value) for value in (4.9, 5, 5.1)] == [below, at, above]


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([6, 6, 6], State.ALARM),
        ([0, 6, 6], State.OK),
        ([9, 9, 9, 0, 9], State.OK),
        ([0, 9, 9, 9], State.ALARM),
    ],
)
def test_all_of_the_last_periods_must_breach(series: Series, expected: State) -> None:
    assert plain().state({WATCHED: series}) is expected


@pytest.mark.parametrize(
    ("series", "expected"), [([6, 0, 6], State.ALARM), ([6, 0, 0], State.OK), ([6, 0, 0, 6], State.OK)]
)
def test_or_as_many_of_them_as_it_says(series: Series, expected: State) -> None:
    assert plain(DatapointsToAlarm=2).state({WATCHED: series}) is expected


@pytest.mark.parametrize(
    ("missing", "silent", "half"),
    [
        ("notBreaching", State.OK, State.OK),
        ("breaching", State.ALARM, State.ALARM),
        ("missing", State.INSUFFICIENT_DATA, State.OK),
        ("ignore", State.UNCHANGED, State.OK),
    ],
)
def test_silence_means_what_the_alarm_says(missing: str, silent: State, half: State) -> None:
    alarm = plain(TreatMissingData=missing)
    assert alarm.state({WATCHED: [None, None, None]}) is silent
    assert alarm.state({WATCHED: [9, None, 9]}) is half


def test_it_is_not_judged_by_too_few_periods() -> None:
    with pytest.raises(ValueError, match="looks at 3 periods"):
        plain().state({WATCHED: [9, 9]})


def test_an_alarm_on_arithmetic_is_read_whole() -> None:
    stat = {"Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": []}, "Period": 300, "Stat": "Maximum"}
    properties: dict[str, Any] = {name: value for name, value in PLAIN.items() if name[0] in "CTE"}
    properties["Metrics"] = [
        {"Id": "expr", "Expression": "2 * m"},
        {"Id": "m", "MetricStat": stat, "ReturnData": False},
    ]
    alarm = Alarm.read("math", properties)
    assert alarm.queries == {"m": Query("N", "M", (), "Maximum")}
    assert (alarm.period_seconds, alarm.expression, alarm.datapoints) == (300, "2 * m", 3)
    assert alarm.state({"m": [2, 3, 3, 3]}) is State.ALARM
    assert alarm.state({"m": [3, 3, 2]}) is State.OK
