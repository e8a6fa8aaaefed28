"""What a run writes into docs/performance.md and README.md, between markers: tables nobody types."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.cold_start.table import table as cold_start_table
from bench.cost.table import table as cost_table
from bench.figures import Figure, Target
from bench.report import VERDICTS, number
from bench.scaling.tables import tables as scaling_tables
from infra.cost.bill import Context
from tests.marked_text import replace_between

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "performance.md"
README = ROOT / "README.md"
END = "<!-- end of bench -->"
# Section of the page: the first words of its figures' keys.
SECTIONS = {
    "floors": ("floor",),
    "accept": ("accept",),
    "drain": ("drain", "database"),
    "classify": ("classify",),
    "end-to-end": ("end-to-end", "road"),
    "peers": ("peers",),
    "growth": ("growth",),
}


def write_pages(
    figures: Mapping[str, Figure], targets: Sequence[Target], machine: dict[str, Any], *, stage: Context
) -> None:
    """Put the tables of a whole run into their places. stage: whose prices.

    Raises ValueError when a page has no place for one.
    """
    text = PAGE.read_text("utf-8")
    text = fill(text, "machine", _machine(machine))
    text = fill(text, "targets", _targets(targets))
    for name, prefixes in SECTIONS.items():
        own = [figure for figure in figures.values() if figure.key.partition(".")[0] in prefixes]
        text = fill(text, name, _figures(own))
    text = fill(text, "cold-start", cold_start_table(figures))
    text = fill(text, "cost", cost_table(figures))
    for name, table in scaling_tables(figures, stage=stage).items():
        text = fill(text, name, table)
    PAGE.write_text(text, "utf-8")
    README.write_text(fill(README.read_text("utf-8"), "ratios", _ratios(targets, machine)), "utf-8")


def fill(text: str, name: str, table: str) -> str:
    """Return the text with a table between `<!-- bench: name -->` and the end marker that follows it."""
    return replace_between(text, f"\n{table.rstrip()}\n", begin=f"<!-- bench: {name} -->", end=END)


def _machine(machine: dict[str, Any]) -> str:
    clients = ", ".join(f"{name} {version}" for name, version in machine["clients"].items())
    return (
        f"Measured {machine['time'][:10]} on {machine['cores']} cores with {machine['memory_gb']:.0f} GB:"
        f" {machine['servers']}; Python {machine['python']}, {clients}. {machine['durability']}. Load before"
        f" {machine['load'][0]}, after {machine['load_after'][0]}. {machine['took_seconds'] / 60:.0f} minutes."
    )


def _targets(targets: Sequence[Target]) -> str:
    rows = [
        f"| {t.name} | {t.sense} {t.wanted:g}{_of(t.unit)} |"
        f" {'' if t.measured is None else number(t.measured) + _of(t.unit)} | {VERDICTS[t.holds]} |"
        for t in targets
    ]
    return "\n".join(["| target | wanted | measured | |", "|---|---:|---:|---|", *rows])


def _figures(figures: Sequence[Figure]) -> str:
    return "\n".join(["| what | median | runs | unit |", "|---|---:|---:|---|", *_rows(figures)])


def _rows(figures: Sequence[Figure]) -> Iterator[str]:
    for figure in figures:
        spread = f"{number(min(figure.runs))} to {number(max(figure.runs))}"
        yield f"| {figure.what} | {number(figure.value)} | {spread} | {figure.unit} |"


def _ratios(targets: Sequence[Target], machine: dict[str, Any]) -> str:
    rows = [
        f"| {t.name} | {number(t.measured)}{_of(t.unit)} |" for t in targets if t.in_brief and t.measured is not None
    ]
    return "\n".join(
        [f"One run of `make bench` on {machine['cores']} cores:", "", "| | measured |", "|---|---:|", *rows]
    )


def _of(unit: str) -> str:
    return f" {unit}" if unit else ""
