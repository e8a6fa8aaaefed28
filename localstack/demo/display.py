"""How the demonstration looks: headings, tables, and the board that follows jobs live, or in lines in a pipe."""

from __future__ import annotations

import os
import shutil
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.live import Live
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from rich.console import JustifyMethod, RenderableType

    from localstack.demo.plan import Tracked

_WIDTH_OF_FILES = 120
_COLOURS = {
    "COMPLETED": "green",
    "FAILED": "red",
    "PROCESSING": "cyan",
    "retry": "yellow",
    "HIGH": "red",
    "MEDIUM": "yellow",
}
_SECTIONS = 8
_SHORT = {"Infrastructure": "Infra.", "Application": "Applic."}
_WIDTH_FOR_WORDS = 100
_SHORTEST_TITLE = 14


def open_console() -> Console:
    """A console on stdout. In a pipe or a file: wide enough for the tables, and no control codes."""
    terminal = sys.stdout.isatty()
    width = None if terminal or os.environ.get("COLUMNS") else _WIDTH_OF_FILES
    return Console(width=width, highlight=False, force_terminal=terminal, emoji=False)


def heading(console: Console, number: int, title: str, explanation: str) -> None:
    """A numbered section and the sentence that explains it."""
    console.print()
    console.print(Text.assemble((f"{number}/{_SECTIONS}  {title}", "bold cyan")))
    console.print(_indented(Text(explanation, "dim")))


def say(console: Console, sentence: str) -> None:
    """A plain line of the story."""
    console.print(_indented(Text(sentence)))


def plain_table(*columns: str, numeric: Collection[str] = (), wrapping: Collection[str] = ()) -> Table:
    """A table without lines. Numeric columns are set flush right; the wrapping ones and the last break into lines."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", pad_edge=False)
    for column in columns:
        justify: JustifyMethod = "right" if column in numeric else "left"
        wraps = column in wrapping or column == columns[-1]
        table.add_column(column, no_wrap=not wraps, overflow="fold" if wraps else "ellipsis", justify=justify)
    return table


def show_table(console: Console, table: Table) -> None:
    """Print a table, indented like the story."""
    console.print(_indented(table))


def _indented(content: RenderableType) -> Padding:
    return Padding(content, (0, 0, 0, 5), expand=False)


class Board:
    """The jobs on their way, as a context manager; `update` shows how they stand now."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._begun = time.monotonic()
        self._jobs: Sequence[Tracked] = ()
        self._said: dict[str, tuple[str, int]] = {}
        self._live: Live | None = None
        if console.is_terminal and not console.is_dumb_terminal:
            self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()
        elif len(self._jobs) > 1:
            self._console.print()
            self._console.print(job_table(self._jobs, self._console.width))

    def update(self, jobs: Sequence[Tracked]) -> None:
        """Draw the table anew, or print a line for every job that has ended or failed an attempt since."""
        self._jobs = jobs
        if self._live:
            self._live.update(job_table(jobs, self._console.width), refresh=True)
            return
        for job in jobs:
            now = (job.status, job.attempts)
            worth_telling = job.ended or (job.status == "PENDING" and job.attempts > 0)
            if worth_telling and self._said.get(job.job_id) != now:
                self._said[job.job_id] = now
                self._console.print(Text(self._line(job)), no_wrap=True, overflow="ellipsis", crop=True)

    def _line(self, job: Tracked) -> str:
        seconds = time.monotonic() - self._begun
        state = state_words(job)
        tried = f"attempt {job.attempts} failed, " if state.startswith("retry") else ""
        return f"     {seconds:5.1f} s  {job.announced.tenant:<8} {job.type:<9} {tried}{state}: {job.title}"


def state_words(job: Tracked) -> str:
    """The state as it is shown: a job that waits for another attempt says when it is due."""
    due = job.view.get("nextAttemptAt")
    if job.status != "PENDING" or not job.attempts:
        return job.status
    if not due:
        return "retry now"
    seconds = (datetime.fromisoformat(due) - datetime.now(UTC)).total_seconds()
    return f"retry in {seconds:.0f} s" if seconds >= 1 else "retry now"


def job_table(jobs: Sequence[Tracked], width: int) -> Table:
    """All jobs with what was decided about them, one line each; fits into 80 columns."""
    narrow = width < _WIDTH_FOR_WORDS
    cells = [_cells(job, narrow=narrow) for job in jobs]
    columns = ("job", "tenant", "type", "status", "tries", "category", "prio", "took")
    widths = [max(len(column), *(len(row[at]) for row in cells)) for at, column in enumerate(columns)]
    # States change while the table is looked at; its columns should not.
    widths[3] = max(widths[3], len("retry in 2 s"))
    widths[5] = max(widths[5], len(_SHORT["Infrastructure"] if narrow else "Infrastructure"))
    widths[6], widths[7] = max(widths[6], len("MEDIUM")), max(widths[7], len("10.0 s"))
    others = sum(widths[1:]) + len(columns) - 1
    widths[0] = max(min(widths[0], width - others), _SHORTEST_TITLE)
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold", pad_edge=False)
    for column, cell_width in zip(columns, widths, strict=True):
        justify: JustifyMethod = "right" if column in ("tries", "took") else "left"
        table.add_column(column, no_wrap=True, overflow="ellipsis", justify=justify, width=cell_width)
    for row in cells:
        table.add_row(
            *(Text(cell, _COLOURS.get(cell.partition(" ")[0], "") if at else "") for at, cell in enumerate(row))
        )
    return table


def _cells(job: Tracked, *, narrow: bool) -> tuple[str, ...]:
    took = job.took_seconds
    category = job.view.get("category") or "-"
    return (
        job.title,
        job.announced.tenant,
        job.type,
        state_words(job),
        str(job.attempts or ""),
        _SHORT.get(category, category) if narrow else category,
        job.view.get("priority") or "-",
        "" if took is None else f"{took:.1f} s",
    )


def local_time(moment: str) -> str:
    """The time of day of an API timestamp, here, to the millisecond."""
    return datetime.fromisoformat(moment).astimezone().strftime("%H:%M:%S.%f")[:-3]


def called_as() -> str:
    """How this program was called: by its name where the shell finds it so, else by its path."""
    called = Path(sys.argv[0])
    found = shutil.which(called.name)
    return called.name if found and Path(found).resolve() == called.resolve() else str(called)
