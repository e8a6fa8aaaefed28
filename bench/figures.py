"""What a benchmark gives: figures, each the median of several runs, and targets that compare them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

LEAST_RUNS = 3


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured quantity. key: unique, with dots (`drain.batch-100.jobs-per-second`); runs: the value of each run.

    what: in words, for the table. context: whatever explains it (versions, settings, plans), for the JSON.
    """

    key: str
    what: str
    unit: str
    runs: tuple[float, ...]
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.runs)

    def as_record(self) -> dict[str, Any]:
        """Return it as the JSON holds it."""
        return {
            "key": self.key,
            "what": self.what,
            "unit": self.unit,
            "median": self.value,
            "runs": list(self.runs),
            "context": self.context,
        }


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on what was measured. measured: None where this run did not measure it. in_brief: for the README."""

    name: str
    wanted: float
    sense: Literal["at least", "at most", "exactly"]
    measured: float | None
    unit: str = ""
    in_brief: bool = False

    @property
    def holds(self) -> bool | None:
        """Whether it was reached; None if it was not measured."""
        if self.measured is None:
            return None
        if self.sense == "exactly":
            return self.measured == self.wanted
        return self.measured >= self.wanted if self.sense == "at least" else self.measured <= self.wanted

    def as_record(self) -> dict[str, Any]:
        """Return it as the JSON holds it."""
        return {
            "name": self.name,
            "wanted": self.wanted,
            "sense": self.sense,
            "measured": self.measured,
            "unit": self.unit,
            "holds": self.holds,
        }


def repeat(
    key: str, what: str, unit: str, measure: Callable[[], float], *, runs: int = LEAST_RUNS, **context: Any
) -> Figure:
    """Measure several times."""
    return Figure(key=key, what=what, unit=unit, runs=tuple(measure() for _ in range(runs)), context=context)


def percentile(values: Sequence[float], rank: int) -> float:
    """Return a percentile of at least two values."""
    return statistics.quantiles(values, n=100, method="inclusive")[rank - 1]
