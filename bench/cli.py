"""Benchmarks of this system, its floors and its peers, on this machine: `bin/bench run`.

Starts a PostgreSQL, a Valkey and a Kafka broker of its own on loopback, with every commit waiting for the disk, and
measures each section several times. Figures are medians. Absolute times are this machine's; ratios within one run
travel further. Exit code 1 if a target that was measured was missed.
"""

import importlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench import page
from bench.cost import section as cost
from bench.figures import Figure, Target
from bench.lab import BenchLab
from bench.machine import describe_machine
from bench.report import show, write
from bench.scaling import section as scaling
from localstack.services.kafka import quiet_client_logs

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
console = Console(highlight=False, soft_wrap=True)
# In the order in which they run; each is a module with `run` and `targets`.
SECTIONS = {
    "floors": "bench.floors",
    "accept": "bench.accept",
    "drain": "bench.drain",
    "peers": "bench.peers.run",
    "classify": "bench.classify",
    "end-to-end": "bench.end_to_end",
    "cold-start": "bench.cold_start",
    "growth": "bench.growth.section",
}
RESULTS = Path(__file__).parent.parent / ".local" / "bench"


@app.callback()
def main() -> None:
    """Benchmarks of this system, its floors and its peers, on this machine."""


@app.command()
def run(
    names: Annotated[list[str] | None, typer.Argument(help=f"Sections ({', '.join(SECTIONS)}); empty: all.")] = None,
    *,
    quick: Annotated[bool, typer.Option("--quick", help="The shortest run that does everything once.")] = False,
    write_pages: Annotated[bool, typer.Option("--write", help="Put the tables into docs/performance.md.")] = False,
    results_file: Annotated[Path | None, typer.Option("--json", help="Where the results go as JSON.")] = None,
) -> None:
    """Measure, print the table and write the JSON."""
    quiet_client_logs()
    unknown = set(names or []) - SECTIONS.keys()
    if unknown:
        console.print(f"no section is called {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
        raise typer.Exit(2)
    started = time.monotonic()
    machine = describe_machine()
    figures: dict[str, Figure] = {}
    targets: list[Target] = []
    with tempfile.TemporaryDirectory(prefix="smartqueue-bench-") as folder, BenchLab(Path(folder)) as lab:
        for name in names or SECTIONS:
            begun = time.monotonic()
            section = importlib.import_module(SECTIONS[name])
            figures |= {figure.key: figure for figure in section.run(lab, quick=quick)}
            console.print(f"{name}: {time.monotonic() - begun:.0f} s")
    # Computed from the others' figures, not measured.
    stage = cost.prod()
    figures |= {figure.key: figure for figure in (*cost.run(figures, stage=stage), *scaling.run(figures))}
    for name in names or SECTIONS:
        targets += importlib.import_module(SECTIONS[name]).targets(figures)
    machine["load_after"] = [round(load, 2) for load in os.getloadavg()]
    console.print()
    show(console, list(figures.values()), targets)
    machine["took_seconds"] = round(time.monotonic() - started, 1)
    path = results_file or RESULTS / f"{machine['time'].replace(':', '-')}.json"
    write(path, list(figures.values()), targets, machine)
    console.print(f"\n{time.monotonic() - started:.0f} s; all of it in {path}")
    if write_pages:
        page.write_pages(figures, targets, machine, stage=stage)
    if any(target.holds is False for target in targets):
        raise typer.Exit(1)


if __name__ == "__main__":
    sys.exit(app())
