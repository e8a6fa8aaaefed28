"""Writes the computed part of docs/cost.md."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from infra.cost.bill import Line
from infra.cost.idle import idle_lines
from infra.cost.jobs import job_lines
from infra.cost.levers import Saving
from infra.cost.prices import Confidence, Money, PriceTable
from infra.cost.stage_cost import StageCost

BEGIN = "<!-- computed: bin/cost --write -->"
END = "<!-- end of what is computed -->"


class MissingMarkersError(ValueError):
    """The page has no place for the numbers."""


def with_numbers(page: str, costs: Sequence[StageCost]) -> str:
    """The page with the part between the markers written anew. Raises MissingMarkersError."""
    head, begin, rest = page.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise MissingMarkersError(f"docs/cost.md needs the lines {BEGIN} and {END}")
    return f"{head}{BEGIN}\n\n{'\n'.join(_sections(costs))}\n{END}{tail}"


def summary(costs: Sequence[StageCost]) -> str:
    """A line for each stage, for the terminal."""
    return "\n".join(
        f"{context.templates.stage:<6} {_dollars(_sum(idle_lines(context)))} a month before the first job, "
        f"{_dollars(_sum(_without_model(job_lines(context))))} for a million jobs, "
        f"{_dollars(_sum(_model(job_lines(context))))} for the AI model's share in them"
        for context in (cost.context for cost in costs)
    )


def _sections(costs: Sequence[StageCost]) -> Iterator[str]:
    prices = costs[0].context.prices
    yield f"Prices of {prices.date:%d %B %Y}, {prices.region}, in US dollars.\n"
    yield from _overview(costs)
    for cost in costs:
        context = cost.context
        stage = context.templates.stage
        yield f"## {stage}: a month before the first job\n"
        yield from _table(idle_lines(context))
        yield f"## {stage}: a million jobs\n"
        yield from _table(job_lines(context))
        yield f"## {stage}: the five biggest levers\n"
        yield "At a million jobs a month.\n"
        yield from _levers(cost.savings)
    yield "## Prices that are estimates\n"
    yield from _estimates(prices)


def _overview(costs: Sequence[StageCost]) -> Iterator[str]:
    yield "| stage | a month before the first job | a million jobs | the AI model's share in them |"
    yield "|---|---:|---:|---:|"
    for context in (cost.context for cost in costs):
        jobs = job_lines(context)
        yield (
            f"| {context.templates.stage} | {_with_range(_sum(idle_lines(context)))} "
            f"| {_with_range(_sum(_without_model(jobs)))} | {_with_range(_sum(_model(jobs)))} |"
        )
    yield ""


def _table(lines: Iterable[Line]) -> Iterator[str]:
    yield "| | what | dollars |"
    yield "|---|---|---:|"
    ordered = sorted(lines, key=lambda line: line.group)
    groups = [(name, list(group)) for name, group in groupby(ordered, key=lambda line: line.group)]
    groups.sort(key=lambda pair: _sum(pair[1]).likely, reverse=True)
    for name, group in groups:
        group.sort(key=lambda line: line.cost.likely, reverse=True)
        for number, line in enumerate(group):
            yield f"| {name if number == 0 else ''} | {line.text} | {line.cost.likely:,.2f} |"
    total = _sum(line for _, group in groups for line in group)
    yield f"| **all** | | **{_with_range(total)}** |\n"


def _levers(savings: Iterable[Saving]) -> Iterator[str]:
    yield "| what to change | saves a month | gives up |"
    yield "|---|---:|---|"
    for saving in savings:
        yield f"| {saving.text} | {_with_range(saving.money)} | {saving.gives_up} |"
    yield ""


def _estimates(prices: PriceTable) -> Iterator[str]:
    yield "| price | taken | range | why |"
    yield "|---|---:|---|---|"
    for row in prices.price:
        if row.confidence is Confidence.ESTIMATE:
            yield f"| {row.key} | {row.dollars:g} | {row.low:g} to {row.high:g} | {row.reason} |"
    yield ""


def _model(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.group == "AI model"]


def _without_model(lines: Iterable[Line]) -> list[Line]:
    return [line for line in lines if line.group != "AI model"]


def _sum(lines: Iterable[Line]) -> Money:
    return Money.total(line.cost for line in lines)


def _dollars(money: Money) -> str:
    return f"${money.likely:,.0f}"


def _with_range(money: Money) -> str:
    if round(money.low) == round(money.high):
        return f"{money.likely:,.0f}"
    return f"{money.likely:,.0f} ({money.low:,.0f} to {money.high:,.0f})"
