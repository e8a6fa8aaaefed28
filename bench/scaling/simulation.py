"""What breaks first, what is done about it, what breaks then; until the load fits."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from bench.scaling.limits import Limit
from bench.scaling.parts import PARTS, Part
from bench.scaling.remedies import Remedy
from bench.scaling.situation import Situation

MOST_STEPS = 100
MOST_CELLS = 100
APPROACHES = 30
"""Most parts grow with the load alike, and are found at once; log flushes are shared, and take some more."""


class NoRemedyError(RuntimeError):
    """A part is used up, and nothing that is known helps."""

    def __init__(self, part: Part) -> None:
        super().__init__(f"nothing helps: {part.name}")
        self.part = part


@dataclass(frozen=True, kw_only=True)
class Step:
    """One part that was used up, and what was done."""

    part: Part
    demand: float
    limit: Limit
    remedy: Remedy
    after: Situation

    @property
    def use(self) -> float:
        """How many times too much it was."""
        return self.demand / self.limit.most


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a load is made to fit: by so many cells, because of a part that one fewer could not mend, and by steps."""

    cells: int
    because: Part | None
    steps: Sequence[Step]
    end: Situation


def weakest(situation: Situation) -> Part:
    """Return the part that is used up most."""
    return max(PARTS, key=lambda part: part.use(situation))


def most_jobs_per_second(part: Part, situation: Situation) -> float:
    """Return the load at which a part is used up, were it the only one."""
    for _ in range(APPROACHES):
        use = part.use(situation)
        if not use:
            return inf
        situation = situation.with_load(jobs_per_second=situation.load.jobs_per_second / use)
    return situation.load.jobs_per_second


def make_fit(situation: Situation) -> Plan:
    """Plan for a load with as few cells as will do. Raises NoRemedyError."""
    because: Part | None = None
    for cells in range(1, MOST_CELLS + 1):
        in_cells = situation.with_deployment(cells=cells)
        try:
            steps = _steps(in_cells)
        except NoRemedyError as error:
            because = error.part
            continue
        return Plan(cells=cells, because=because, steps=steps, end=steps[-1].after if steps else in_cells)
    raise NoRemedyError(because or weakest(situation))


def _steps(situation: Situation) -> list[Step]:
    steps: list[Step] = []
    part = weakest(situation)
    while part.use(situation) > 1:
        if len(steps) == MOST_STEPS:
            raise NoRemedyError(part)
        steps.append(_mend(part, situation))
        situation = steps[-1].after
        part = weakest(situation)
    return steps


def _mend(part: Part, situation: Situation) -> Step:
    for remedy in part.remedies:
        after = _as_often_as_needed(remedy, part, situation)
        if after is not situation:
            return Step(
                part=part, demand=part.demand(situation), limit=part.limit(situation), remedy=remedy, after=after
            )
    raise NoRemedyError(part)


def _as_often_as_needed(remedy: Remedy, part: Part, situation: Situation) -> Situation:
    """Return the situation after a remedy: one size larger, and larger still, as long as that helps and is needed."""
    while part.use(situation) > 1:
        after = remedy.change(situation)
        if after is None or part.use(after) >= part.use(situation):
            break
        situation = after
    return situation
