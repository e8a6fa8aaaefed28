"""What raw samples say over five minutes, computed without PromQL: what its results are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.prometheus.board import WINDOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.prometheus.server import Point, PrometheusServer

WINDOW_SECONDS = 300.0
TIMER = "job_processing_duration_seconds"
# Labels that say where a sample is from, not what it is about.
ORIGIN = {"__name__", "instance", "job", "stage"}


@dataclass(frozen=True)
class Readings:
    """The samples of one stage over the five minutes that end `at`."""

    server: PrometheusServer
    stage: str
    at: float

    @cached_property
    def _series(self) -> Mapping[tuple[str, str], Sequence[Point]]:
        answers = self.server.query(f'{{job="smartqueue", stage="{self.stage}", alertname=""}}[{WINDOW}]', at=self.at)
        # Rules keep the stage, too, but write no `job`.
        found = {(answer.labels["__name__"], answer.labels.get("le", "")): answer.points for answer in answers}
        assert len(found) == len(answers), "two series of one name: whose are the numbers?"
        assert not {label for answer in answers for label in answer.labels} - ORIGIN - {"le"}
        return found

    @property
    def names(self) -> set[str]:
        """Of all series."""
        return {name for name, _ in self._series}

    def value(self, name: str) -> float:
        """The last sample."""
        return self._series[name, ""][-1].value

    def taken_at(self, name: str) -> float:
        """When the last sample was taken."""
        return self._series[name, ""][-1].at

    def risen(self, name: str) -> float:
        """How far a counter rose from the first sample to the last."""
        points = self._series[name, ""]
        return points[-1].value - points[0].value

    def increase(self, name: str, *, bucket: str = "") -> float:
        """How far a counter rises in five minutes: as far as from the first sample to the last, extended.

        To either end of the window, if a sample could be expected there; else by half the pace of the samples. But
        never back to where the counter would have been below zero.
        """
        points = self._series[name, bucket]
        assert all(one.value <= next_.value for one, next_ in pairwise(points)), f"{name} was set back"
        risen = points[-1].value - points[0].value
        covered = _apart(points[0].at, points[-1].at)
        pace = covered / (len(points) - 1)
        before = WINDOW_SECONDS - _apart(points[0].at, self.at)
        if risen > 0:
            before = min(before, covered * points[0].value / risen)
        gaps = (before, _apart(points[-1].at, self.at))
        extended = covered + sum(gap if gap < 1.1 * pace else pace / 2 for gap in gaps)
        return risen * extended / covered

    def rate(self, name: str) -> float:
        """The same per second."""
        return self.increase(name) / WINDOW_SECONDS

    def share(self, part: str, rest: str) -> float:
        """What one counter's increase is of both; 0 of nothing."""
        both = self.increase(part) + self.increase(rest)
        return self.increase(part) / both if both else 0.0

    def quantile(self, fraction: float) -> float:
        """Of the timer: by linear interpolation in the bucket where it falls."""
        bounds = sorted(float(le) for name, le in self._series if name == f"{TIMER}_bucket")
        texts = {float(le): le for name, le in self._series if name == f"{TIMER}_bucket"}
        counts = [self.increase(f"{TIMER}_bucket", bucket=texts[bound]) for bound in bounds]
        if not counts[-1]:
            return math.nan
        rank = fraction * counts[-1]
        place = next(index for index, count in enumerate(counts) if count >= rank)
        if place == len(bounds) - 1:
            return bounds[-2]
        lower, below = (bounds[place - 1], counts[place - 1]) if place else (0.0, 0.0)
        return lower + (bounds[place] - lower) * (rank - below) / (counts[place] - below)


def _apart(one: float, later: float) -> float:
    """Seconds between two moments that are each known to the millisecond."""
    return round(later - one, 3)
