"""What a million jobs cost in each shape, for docs/performance.md: a column for each shape."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from bench.cost.shapes import SHAPES, Shape
from bench.figures import Figure

MODEL = "AI model"


def table(figures: Mapping[str, Figure]) -> str:
    """Return the table of what `bench.cost.section.run` computed. Raises KeyError when it did not run."""
    return "\n".join(_lines(figures))


def _lines(figures: Mapping[str, Figure]) -> Iterator[str]:
    yield f"| | {' | '.join(shape.name for shape in SHAPES)} |"
    yield f"|---|{'---:|' * len(SHAPES)}"

    def row(what: str, tell: Callable[[Shape], str]) -> str:
        return f"| {what} | {' | '.join(map(tell, SHAPES))} |"

    def value(shape: Shape, key: str) -> float:
        return figures[f"cost.{shape.name}.{key}"].value

    def dollars(name: str, shape: Shape) -> str:
        parts = figures[f"cost.{shape.name}.without-model.dollars-per-million"].context["parts"]
        return f"{parts.get(name, 0.0):,.2f}"

    yield row("million jobs a month", lambda s: f"{s.millions_a_month:.1f}")
    yield row("Lambda, GB-s for a million jobs", lambda s: f"{value(s, 'without-model.gb-seconds-per-million'):,.0f}")
    yield row("calls of functions for a job", lambda s: f"{value(s, 'without-model.calls-per-job'):.2f}")
    yield row("bytes on topics for a job", lambda s: f"{value(s, 'kafka-bytes-per-job'):,.0f}")
    yield row("milliseconds of the database's processors for a job", lambda s: f"{value(s, 'database-ms-per-job'):.2f}")
    yield row("of prod's database, busy when most jobs come", lambda s: f"{value(s, 'database-busy-share'):.0%}")
    groups = figures[f"cost.{SHAPES[0].name}.without-model.dollars-per-million"].context["parts"]
    for name in groups:
        if name != MODEL:
            yield row(f"dollars for a million jobs: {name}", partial(dollars, name))
    yield row("**all, by rules alone**", lambda s: f"**{value(s, 'without-model.dollars-per-million'):,.2f}**")
    yield row("all, with the AI model", lambda s: f"{value(s, 'with-model.dollars-per-million'):,.2f}")
    yield row("the fixed cost's part", lambda s: f"{value(s, 'fixed-dollars-per-million'):,.2f}")
