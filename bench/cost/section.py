"""What a million jobs cost on AWS in three ways to use the system: the other sections' figures, priced as docs/cost.md.

Nothing is measured here. The stage is `prod` as it is deployed; its functions' memory turns CPU time into billed time,
see `bench/busy.py`. Where this run did not measure something the assumptions of docs/cost.md stand in: the context of
each figure names them.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from bench.cost.shape_cost import ShapeCost
from bench.cost.shapes import SHAPES
from bench.figures import Figure
from infra.cdk.stages import PROD
from infra.cost.bill import MILLION, Context, Line
from infra.cost.jobs import Calls
from infra.cost.prices import PriceTable
from infra.cost.stage_cost import synthesise
from infra.cost.usage import Usage


def run(figures: Mapping[str, Figure], *, stage: Context | None = None) -> list[Figure]:
    """Price the figures. stage: what to price; None synthesises prod, which takes some seconds.

    Raises UnknownPriceError, LookupError.
    """
    priced = stage or prod()
    found: list[Figure] = []
    for shape in SHAPES:
        without, with_model = (
            ShapeCost(shape, with_model=with_model, figures=figures, stage=priced) for with_model in (False, True)
        )
        found += [*_of_shape(without), *_of_model(without), *_of_model(with_model)]
    return found


def prod() -> Context:
    """Return the stage `prod`, with today's prices and assumptions."""
    return Context(templates=synthesise(PROD), prices=PriceTable.load(), usage=Usage.load())


def _of_shape(cost: ShapeCost) -> Iterator[Figure]:
    """What is the same with and without the model."""
    shape, job = cost.shape, cost.context.usage.job
    yield _figure(
        cost,
        "fixed-dollars-per-million",
        "the fixed cost's part in a million jobs",
        "dollars",
        cost.fixed / shape.millions_a_month,
        shape=shape.what,
        dollars_a_month=cost.fixed,
        millions_a_month=shape.millions_a_month,
        times_the_database=cost.servers,
    )
    yield _figure(cost, "kafka-bytes-per-job", "written to topics", "bytes", job.events * job.event_bytes)
    yield _figure(
        cost, "database-ms-per-job", "time of the database's processors for a job", "ms", cost.database_milliseconds
    )
    yield _figure(
        cost, "database-busy-share", "prod's database when most jobs come, of its processors", "", cost.database_share
    )


def _of_model(cost: ShapeCost) -> Iterator[Figure]:
    model = "with-model" if cost.with_model else "without-model"
    words = "with the AI model" if cost.with_model else "by rules alone"
    yield _figure(
        cost,
        f"{model}.dollars-per-million",
        f"a million jobs {words}, beyond the fixed cost",
        "dollars",
        sum(line.cost.likely for line in cost.lines),
        parts=_parts(cost.lines),
    )
    yield _figure(
        cost,
        f"{model}.gb-seconds-per-million",
        f"Lambda, a million jobs {words}",
        "GB-s",
        sum(calls.gigabyte_seconds for calls in cost.calls),
        functions=_functions(cost.calls),
    )
    yield _figure(
        cost,
        f"{model}.calls-per-job",
        f"calls of functions {words}",
        "calls",
        sum(calls.number for calls in cost.calls) / MILLION,
    )
    if (cold := cost.cold_starts) is not None:
        yield _figure(
            cost,
            f"{model}.cold-start-dollars-per-million",
            f"starts of functions {words}",
            "dollars",
            cold / cost.shape.millions_a_month,
        )


def _figure(cost: ShapeCost, key: str, what: str, unit: str, value: float, **context: object) -> Figure:
    return Figure(
        key=f"cost.{cost.shape.name}.{key}",
        what=f"{cost.shape.name}: {what}",
        unit=unit,
        runs=(value,),
        context={**context, "assumed": cost.measured.missing},
    )


def _parts(lines: Sequence[Line]) -> dict[str, float]:
    parts: dict[str, float] = defaultdict(float)
    for line in lines:
        parts[line.group] += line.cost.likely
    return {group: round(dollars, 3) for group, dollars in parts.items()}


def _functions(calls: Sequence[Calls]) -> dict[str, dict[str, float]]:
    return {
        c.name: {
            "calls": round(c.number),
            "billed_ms": round(c.milliseconds, 2),
            "gb_seconds": round(c.gigabyte_seconds),
        }
        for c in calls
    }
