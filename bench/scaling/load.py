"""What comes in, and what each job of it costs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from bench.busy import BusyFunctions
from bench.cost.shapes import stored_bytes
from bench.measurements import Measurements
from infra.cdk.settings import StageSettings
from infra.cost.usage import Job


@dataclass(frozen=True, kw_only=True)
class Load:
    """What comes in, over all cells."""

    jobs_per_second: float
    jobs_per_submit: int = 1
    reads_per_job: float = 2
    busiest: float = 0.1
    """The part of all jobs that one tenant sends."""
    handler_seconds: float = 0.5
    """The slowest handler of a delivery: a webhook that takes its time."""
    asking_share: float = 0.0
    """The part of all tickets that the AI model is asked about."""


@dataclass(frozen=True)
class Work:
    """What a job costs, by what was measured, on functions of the stage's memory."""

    measured: Measurements
    assumed: Job
    memory: Mapping[str, int]

    @classmethod
    def on(cls, stage: StageSettings, measured: Measurements, assumed: Job) -> Self:
        """Return it for a stage."""
        names = ("submit", "query", "process", "classify")
        return cls(measured, assumed, {name: stage.function(name).memory_megabytes for name in names})

    @property
    def busy(self) -> BusyFunctions:
        """By call."""
        return BusyFunctions(self.measured, self.assumed)

    @property
    def stored(self) -> dict[str, float]:
        """Bytes of a job's row, and of its audit rows."""
        return stored_bytes(self.measured, self.assumed)
