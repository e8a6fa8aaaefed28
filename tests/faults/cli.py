"""Break the system on purpose and see what is left: `bin/faults run`.

Starts a PostgreSQL, a Valkey, a Kafka broker and the functions, all on this machine's loopback and in folders of their
own, breaks them in every way it knows, and checks every promise of docs/guarantees.md afterwards. Exit code 1 if any
was broken.
"""

import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from localstack.kafka_client import KafkaAccess
from localstack.services.kafka import quiet_client_logs
from tests.faults.campaign import Campaign, Task
from tests.faults.catalogue import UnknownFaultError, choose_faults
from tests.faults.evidence import Observer
from tests.faults.invariants import find_violations
from tests.faults.lab import SOAK_PACE, Lab
from tests.faults.run import Result
from tests.faults.scene import Fault
from tests.faults.soak import Soak
from tests.faults.soak_table import SOAK_BEGIN, SOAK_END, judge, render_soak
from tests.faults.table import render, write
from tests.faults.versions import name_versions
from tests.faults.workload import OLD, Accepted, Kind

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, rich_markup_mode=None)
console = Console(highlight=False, soft_wrap=True)
# What has a deadline gets as many runs as tell its usual and its worst.
REAL_RUNS = 3
ANY_END = frozenset({"COMPLETED", "FAILED", "CANCELLED"})


@app.command("list")
def list_faults(
    names: Annotated[list[str] | None, typer.Argument(help="Groups or beginnings of names.")] = None,
) -> None:
    """Show the faults."""
    table = Table("fault", "group", "what breaks", box=None)
    for fault in _choose(names or []):
        table.add_row(fault.name, fault.group, fault.tells)
    console.print(table)


@app.command()
def run(
    names: Annotated[
        list[str] | None,
        typer.Argument(help="Groups (service, delivery, failpoint, random) or beginnings of names; empty: all."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Repeats the random choices of an earlier run.")] = None,
    random_runs: Annotated[int, typer.Option(help="How many runs `random` gets.")] = 8,
    repeat: Annotated[int, typer.Option(help="How many runs every other fault gets.")] = 1,
    labs: Annotated[int, typer.Option(help="Laboratories that work at once.")] = 3,
    write_table: Annotated[bool, typer.Option("--write", help="Put the table into docs/guarantees.md.")] = False,
    results_file: Annotated[Path | None, typer.Option("--json", help="Where the results go as JSON.")] = None,
    keep: Annotated[Path | None, typer.Option(help="Where logs go of laboratories in which a promise broke.")] = None,
) -> None:
    """Play faults, one line each, and print the table."""
    quiet_client_logs()
    chosen_seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    tasks = [
        Task(fault=fault, seed=chosen_seed + number)
        for fault in _choose(names or [])
        for number in range(_runs(fault, random_runs, repeat))
    ]
    console.print(f"{len(tasks)} runs in {labs} laboratories, seed {chosen_seed} (--seed {chosen_seed} repeats them)")
    started = time.monotonic()
    done = 0

    def report(result: Result) -> None:
        nonlocal done
        done += 1
        verdict = "broken" if result.violations else "kept"
        console.print(
            f"{done:4}/{len(tasks)}  {result.fault:45} {result.jobs:4} jobs  lost {result.lost}"
            f"  recovery {result.recovery_seconds:5.1f} s  promises {verdict}"
        )
        for violation in result.violations[:10]:
            console.print(f"           seed {result.seed}: {violation}")

    campaign = Campaign(tasks, labs=labs, report=report, keep=keep)
    results = campaign.run()
    for problem in campaign.problems[:20]:
        console.print(f"seen at the end: {problem}")
    table = render(results, seed=chosen_seed, versions=name_versions())
    # Not through rich, which would wrap the rows.
    typer.echo(f"\n{table}\n{time.monotonic() - started:.0f} s")
    if results_file:
        results_file.write_text(json.dumps([result.to_json() for result in results], indent=1), "utf-8")
    broken = [result for result in results if result.violations]
    if broken or campaign.problems or len(results) < len(tasks):
        console.print(
            f"{len(broken)} of {len(tasks)} runs broke a promise; {len(tasks) - len(results)} were not played"
        )
        raise typer.Exit(1)
    if write_table:
        write(table)


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(help="How long jobs are submitted.", min=0.5, max=60)] = 15.0,
    seed: Annotated[int | None, typer.Option(help="Repeats the faults of an earlier run.")] = None,
    write_table: Annotated[bool, typer.Option("--write", help="Put the table into docs/guarantees.md.")] = False,
) -> None:
    """Let three tenants work, one of them flooding, then break things; watch latencies, memory and promises."""
    quiet_client_logs()
    chosen_seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    console.print(f"{minutes:g} minutes and the end of what is under way, seed {chosen_seed}")
    with tempfile.TemporaryDirectory(prefix="smartqueue-soak-") as folder, Lab(Path(folder), SOAK_PACE) as lab:
        result = Soak(lab, seconds=minutes * 60, seed=chosen_seed).run()
    table = render_soak(result, seed=chosen_seed, versions=name_versions())
    typer.echo(table)
    problems = judge(result)
    for problem in problems[:20]:
        console.print(problem)
    if problems:
        raise typer.Exit(1)
    if write_table:
        write(table, begin=SOAK_BEGIN, end=SOAK_END)


@app.command()
def check(
    database_url: Annotated[str, typer.Option(help="postgresql://... of a role that sees all tenants.")],
    tenants: Annotated[list[str], typer.Argument(help="The tenants to look at.")],
) -> None:
    """Check the promises on any database and the broker of SMARTQUEUE_KAFKA_BOOTSTRAP.

    When no job is under way, and no audit row was removed yet.
    """
    quiet_client_logs()
    observer = Observer(database_url=database_url, access=KafkaAccess.from_environment(os.environ))
    evidence = observer.gather(tenants, [])
    accepted = [
        Accepted(
            job_id=job_id,
            tenant_id=row["tenant_id"],
            kind=Kind(name=row["type"], body={}, ends=ANY_END),
        )
        for job_id, row in evidence.jobs.items()
    ]
    accepted += [
        Accepted(job_id=job_id, tenant_id=rows[0]["tenant_id"], kind=OLD)
        for job_id, rows in evidence.audit.items()
        if evidence.end_of(job_id) == "REMOVED"
    ]
    violations = [v for v in find_violations(evidence, accepted) if not v.startswith("check_completed_webhooks")]
    for violation in violations:
        console.print(violation)
    console.print(f"{len(accepted)} jobs, {len(violations)} broken promises")
    raise typer.Exit(1 if violations else 0)


def _runs(fault: Fault, random_runs: int, repeat: int) -> int:
    if fault.name == "random":
        return random_runs
    return max(repeat, REAL_RUNS) if fault.real_pace else repeat


def _choose(names: list[str]) -> list[Fault]:
    try:
        return choose_faults(names)
    except UnknownFaultError as error:
        console.print(str(error))
        raise typer.Exit(2) from None


if __name__ == "__main__":
    sys.exit(app())
