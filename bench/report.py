"""The table that a run prints, and the JSON that it writes."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.figures import Figure, Target

VERDICTS = {True: "holds", False: "MISSED", None: "not measured"}


def show(console: Console, figures: Sequence[Figure], targets: Sequence[Target]) -> None:
    """Print figures and targets."""
    table = Table("figure", "median", "of", "unit", "what", box=None)
    for figure in figures:
        spread = f"{number(min(figure.runs))} to {number(max(figure.runs))}"
        table.add_row(figure.key, number(figure.value), spread, figure.unit, figure.what)
    console.print(table)
    console.print()
    table = Table("target", "wanted", "measured", "", box=None)
    for target in targets:
        measured = "" if target.measured is None else number(target.measured)
        table.add_row(target.name, f"{target.sense} {target.wanted:g} {target.unit}", measured, VERDICTS[target.holds])
    console.print(table)


def number(value: float) -> str:
    """Return three digits that count, or the whole number."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004 - three digits


def write(path: Path, figures: Sequence[Figure], targets: Sequence[Target], machine: dict[str, Any]) -> None:
    """Write the JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    record = {
        "machine": machine,
        "targets_hold": all(target.holds for target in targets),
        "targets": [target.as_record() for target in targets],
        "figures": [figure.as_record() for figure in figures],
    }
    path.write_text(json.dumps(record, indent=1), "utf-8")
