"""The bill of one way to use the system: a stage's prices, what this run measured, and what stands in for the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, log2

from bench.cost.shapes import Shape, usage_of
from bench.database_time import database_milliseconds
from bench.figures import Figure
from bench.measurements import Measurements
from infra.cost.bill import MILLION, Context, Line
from infra.cost.idle import idle_lines
from infra.cost.jobs import Calls, calls_of_functions, job_lines
from infra.cost.rules import VCPUS
from infra.cost.usage import Busy

BUSY_ENOUGH = 0.6
"""Of a database's processors, on average: above it transactions queue for one another."""
ENVIRONMENT_HOURS = 2
"""How long Lambda keeps an execution environment that is in use: some hours, and AWS promises nothing."""
MILLISECONDS = 1000


@dataclass(frozen=True)
class ShapeCost:
    """The cost of one shape, with or without the AI model."""

    shape: Shape
    with_model: bool
    figures: Mapping[str, Figure]
    stage: Context

    @cached_property
    def measured(self) -> Measurements:
        """What this run measured."""
        return Measurements(self.figures)

    @cached_property
    def context(self) -> Context:
        """The stage as this shape uses it."""
        usage = usage_of(self.shape, self.measured, self.stage.usage, with_model=self.with_model)
        return replace(self.stage, usage=usage)

    @cached_property
    def lines(self) -> list[Line]:
        """What a million jobs are paid for."""
        return job_lines(self.context)

    @cached_property
    def calls(self) -> list[Calls]:
        """What a million jobs call."""
        return list(calls_of_functions(self.context))

    @cached_property
    def database_milliseconds(self) -> float:
        """Of one job."""
        shape = self.shape
        return database_milliseconds(
            self.measured,
            jobs_per_submit=shape.jobs_per_submit,
            reads_per_job=shape.reads_per_job,
            records=shape.records,
        )

    @cached_property
    def database_share(self) -> float:
        """Of the database's processors, how many are busy when most jobs come."""
        return self.shape.peak * self.database_milliseconds / MILLISECONDS / self._processors

    @property
    def fixed(self) -> float:
        """Dollars of a month before the first job, with a database that is large enough for the most jobs that come."""
        lines = idle_lines(self.stage)
        server = sum(
            line.cost.likely for line in lines if line.group == "PostgreSQL" and line.text.startswith("server")
        )
        return sum(line.cost.likely for line in lines) + server * (self.servers - 1)

    @property
    def servers(self) -> int:
        """How many times as large as the stage's the database must be; sizes double, and so do their prices."""
        return int(2 ** max(ceil(log2(self.database_share / BUSY_ENOUGH)), 0))

    @property
    def cold_starts(self) -> float | None:
        """Dollars of a month for starting execution environments; None if no start was measured."""
        total, found = 0.0, False
        for calls in self.calls:
            cpu = self.measured.find(f"cold.{calls.name}.init-cpu-ms")
            if cpu is None:
                continue
            found = True
            busy = self.shape.peak * calls.number / MILLION * calls.milliseconds / MILLISECONDS
            starts = ceil(busy) * ceil(self.shape.hours_a_month / ENVIRONMENT_HOURS)
            start = Busy(cpu_milliseconds=cpu, waiting_milliseconds=0).billed_milliseconds(calls.gigabytes * 1024)
            used = starts * start / MILLISECONDS * calls.gigabytes
            total += self.stage.prices.cost(f"lambda-gigabyte-second/{calls.architecture}", used).likely
        return total if found else None

    @property
    def _processors(self) -> int:
        [database] = self.stage.templates.of_kind("AWS::RDS::DBInstance")
        return int(VCPUS[str(database.properties["DBInstanceClass"]).rpartition(".")[2]])
