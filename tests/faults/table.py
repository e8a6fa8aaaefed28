"""The results as a table of docs/guarantees.md."""

import os
import platform
import statistics
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.catalogue import all_faults
from tests.faults.run import Result
from tests.marked_text import replace_between

PAGE = Path(__file__).parents[2] / "docs" / "guarantees.md"
BEGIN, END = "<!-- faults: written by bin/faults -->", "<!-- end of faults -->"
HEAD = (
    "| fault | runs | jobs | lost | done twice in one attempt | done again by a later attempt | recovery p50 / max |\n"
    "|---|--:|--:|--:|--:|--:|--:|\n"
)
GROUPS = {
    "none": "Nothing breaks",
    "service": "Services and processes",
    "delivery": "Deliveries",
    "random": "At random",
    "failpoint": "Failpoints, each with a crash, an error, a hang and a delay",
}


def render(results: Sequence[Result], *, seed: int, versions: str) -> str:
    """Return the table with the day, the machine and the seed."""
    total = sum(result.jobs for result in results)
    what = (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {versions}, Python {platform.python_version()},"
        f" seed {seed}: {len(results)} runs, {total} jobs, {sum(r.lost for r in results)} lost,"
        f" {sum(len(r.violations) for r in results)} broken promises. Recovery is the time from the break until the"
        " last job of the run had ended, in seconds, the jobs' own work (2 s and more) included."
    )
    lines = [what, ""]
    for group, title in GROUPS.items():
        rows = [r for r in results if r.group == group]
        if rows:
            lines += [f"**{title}**", "", HEAD + "\n".join(_rows(rows)), ""]
    return "\n".join(lines).rstrip() + "\n"


def write(table: str, page: Path = PAGE, *, begin: str = BEGIN, end: str = END) -> None:
    """Put a table into the page, between its markers. Raises ValueError if the page has none."""
    page.write_text(replace_between(page.read_text("utf-8"), f"\n{table}", begin=begin, end=end), "utf-8")


def _rows(results: Sequence[Result]) -> list[str]:
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.fault.partition(":")[0], []).append(result)
    return [_row(name, grouped[name]) for name in _in_order(grouped)]


def _in_order(names: dict[str, list[Result]]) -> list[str]:
    order = list(dict.fromkeys(name.partition(":")[0] for name in all_faults()))
    return sorted(names, key=order.index)


def _row(name: str, results: Sequence[Result]) -> str:
    fault = all_faults().get(name)
    told = f"`{name}`" if fault is None else f"{name}: {fault.tells}"
    recovery = [result.recovery_seconds for result in results]
    twice = sum(1 for r in results for v in r.violations if v.startswith("check_effects_are_once_per_attempt"))
    return (
        f"| {told} | {len(results)} | {sum(r.jobs for r in results)} | {sum(r.lost for r in results)} | {twice}"
        f" | {sum(r.repeated_effects for r in results)}"
        f" | {statistics.median(recovery):.1f} / {max(recovery):.1f} |"
    )
