"""Alarms on metrics that only AWS has, applied to made values: beyond the threshold they ring, at it they do not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.alarms.evaluation import State
from tests.alarms.on_paper import ON_PAPER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.alarms.evaluation import Alarm
    from tests.alarms.expressions import Series

DOCUMENT = Path(__file__).parents[2] / "docs/operations.md"
# How far beyond the threshold still counts as just beyond: a hundredth of it, or one of what is counted.
CLOSE = 0.01


def _periods(values: Mapping[str, float | None], number: int) -> dict[str, Series]:
    return {identity: [value] * number for identity, value in values.items()}


@pytest.mark.parametrize("name", ON_PAPER)
def test_it_rings_just_beyond_its_threshold(alarms: Mapping[str, Alarm], name: str) -> None:
    alarm, paper = alarms[name], ON_PAPER[name]
    assert paper.beyond.keys() == paper.within.keys() == alarm.queries.keys()
    assert alarm.state(_periods(paper.beyond, alarm.periods)) is State.ALARM
    assert alarm.state(_periods(paper.within, alarm.periods)) is State.OK


@pytest.mark.parametrize("name", ON_PAPER)
def test_the_made_values_are_close_to_the_threshold(alarms: Mapping[str, Alarm], name: str) -> None:
    alarm, paper = alarms[name], ON_PAPER[name]
    for values in (paper.beyond, paper.within):
        (watched,) = alarm.series(_periods(values, 1))
        assert watched is not None
        assert abs(watched - alarm.threshold) <= max(1, alarm.threshold * CLOSE)


def test_the_runbook_says_which_alarms_were_only_proven_on_paper() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    said = {name: why for name, why in rows if name in ON_PAPER}
    assert said == {name: paper.why for name, paper in ON_PAPER.items()}
