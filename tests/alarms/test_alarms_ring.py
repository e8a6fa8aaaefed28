"""Each alarm rings: what a fault does to its own metrics is too much for it, for as long as it asks, and no sooner.

The one period that was measured stands for those that would have followed: nobody waits for five of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.alarms.evaluation import State
from tests.alarms.on_paper import ON_PAPER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.alarms.day import Day, Values
    from tests.alarms.evaluation import Alarm
    from tests.alarms.expressions import Series

FUNCTIONS = (
    *("auth", "authorizer", "classify", "docs", "metrics", "migrate", "process"),
    *("query", "relay", "replay", "rotate", "seal", "submit"),
)
RINGING = (
    *("api-server-errors", "submit-server-errors", "submit-latency"),
    *("job-failure-ratio", "dlq-growing", "model-away"),
    *("oldest-pending-job", "outbox-backlog", "relay-not-running"),
    *("consumer-lag-processor", "consumer-lag-classifier", "consumer-stalled-processor", "consumer-stalled-classifier"),
    *("jobs-unaccounted", "audit-trail-broken", "seal-missing"),
    "functions-throttled",
    *(f"{function}-errors" for function in FUNCTIONS),
)


def _periods(alarm: Alarm, *parts: tuple[Values, int]) -> dict[str, Series]:
    """The metrics of an alarm: each part's values for so many periods, one part after the other."""
    return {
        identity: [point for values, number in parts for point in [values[identity]] * number]
        for identity in alarm.queries
    }


def test_every_alarm_is_in_one_class(alarms: Mapping[str, Alarm]) -> None:
    assert sorted((*RINGING, *ON_PAPER)) == sorted(alarms)


@pytest.mark.parametrize("name", RINGING)
def test_it_rings(day: Day, alarms: Mapping[str, Alarm], name: str) -> None:
    alarm = alarms[name]
    fine, broken = day.healthy[name], day.broken[name]
    assert alarm.state(_periods(alarm, (fine, alarm.periods))) is State.OK
    assert alarm.state(_periods(alarm, (fine, alarm.periods), (broken, alarm.datapoints - 1))) is State.OK
    assert alarm.state(_periods(alarm, (fine, alarm.periods), (broken, alarm.datapoints))) is State.ALARM


@pytest.mark.parametrize("name", RINGING)
def test_it_is_over_when_the_fault_is_healed(day: Day, alarms: Mapping[str, Alarm], name: str) -> None:
    alarm = alarms[name]
    broken, healed = day.broken[name], day.healed[name]
    assert alarm.state(_periods(alarm, (broken, alarm.periods), (healed, alarm.periods))) is State.OK
