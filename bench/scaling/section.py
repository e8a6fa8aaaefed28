"""How the system scales past one machine: arithmetic with the other sections' figures and what AWS allows.

Nothing is measured here. The load is held day and night: disks, retention and the numbers of transactions see the
average, everything else whatever comes at once.
"""

from collections.abc import Mapping
from dataclasses import asdict

from bench.figures import Figure
from bench.measurements import Measurements
from bench.scaling.deployment import Deployment
from bench.scaling.load import Load, Work
from bench.scaling.parts import PARTS
from bench.scaling.simulation import Plan, Step, make_fit, most_jobs_per_second, weakest
from bench.scaling.situation import Situation
from infra.cdk.stages import PROD
from infra.cost.usage import Usage

RATES = (100, 1_000, 10_000, 100_000)


def run(figures: Mapping[str, Figure]) -> list[Figure]:
    """Compute what breaks at each rate. Raises NoRemedyError."""
    measured = Measurements(figures)
    first = situation_of(RATES[0], measured)
    points = {part.name: most_jobs_per_second(part, first) for part in PARTS}
    part = weakest(first)
    found = [_figure(measured, "prod.jobs-per-second", f"prod as it is: {part.name}", points[part.name], parts=points)]
    for rate in RATES:
        plan = plan_for(rate, measured)
        found.append(
            _figure(
                measured,
                f"{rate}.cells",
                f"{rate:,} jobs a second: cells that it takes, and {len(plan.steps)} further steps",
                plan.cells,
                because=plan.because.name if plan.because else None,
                steps=[_record(step) for step in plan.steps],
                deployment=asdict(plan.end.deployment),
            )
        )
    return found


def situation_of(rate: float, measured: Measurements) -> Situation:
    """Return prod as it is, under a load of so many jobs a second, submitted one by one."""
    return Situation(Load(jobs_per_second=rate), Deployment.of(PROD), Work.on(PROD, measured, Usage.load().job))


def plan_for(rate: float, measured: Measurements) -> Plan:
    """Return what is done, in order, until prod takes so many jobs a second. Raises NoRemedyError."""
    return make_fit(situation_of(rate, measured))


def _record(step: Step) -> dict[str, object]:
    return {
        "part": step.part.name,
        "asked": step.demand,
        "there_is": step.limit.most,
        "unit": step.limit.unit,
        "source": step.limit.source,
        "sure": step.limit.sure,
        "remedy": step.remedy.text(step.after),
        "is_ready": step.remedy.is_ready,
    }


def _figure(measured: Measurements, key: str, what: str, value: float, **context: object) -> Figure:
    return Figure(
        key=f"scaling.{key}", what=what, unit="", runs=(value,), context={**context, "assumed": measured.missing}
    )
