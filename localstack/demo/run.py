"""The demonstration from beginning to end: `run_demo` is what the command line calls."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from localstack.demo import metrics, plan
from localstack.demo.client import Api, DemoError, connect
from localstack.demo.display import called_as, heading, open_console
from localstack.demo.epilogue import scraper, show_audit_trail, show_metrics, show_places
from localstack.demo.receiver import Receiver
from localstack.demo.story import Story, follow_jobs, mend_dead_letters, open_tenants, submit_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import TextIOWrapper

    from rich.console import Console

    from localstack.endpoints import Endpoints

_INTERRUPTED = 130


def run_demo(start: Callable[[], Endpoints], *, keep: bool = True) -> int:
    """Start the cloud with `start`, tell the story, and return the exit code: 0 only if all was as announced.

    keep: whether the cloud goes on running afterwards, which is for the caller to see to.
    Raises LocalCloudError when the cloud does not start. Ctrl-C ends it with 130 and leaves the cloud running.
    """
    stdout: TextIOWrapper = sys.stdout  # type: ignore[assignment]
    # A terminal that cannot show a character should not end the demonstration.
    stdout.reconfigure(errors="replace")
    console = open_console()
    began = time.monotonic()
    try:
        heading(
            console,
            1,
            "The cloud",
            "Postgres, Kafka, Valkey and an AWS emulator run as ordinary processes; the CDK app is deployed to them.",
        )
        where = start()
        count, findings = _tell(console, where, keep=keep)
    except KeyboardInterrupt:
        console.print("\nStopped. What was submitted goes on by itself.")
        if keep:
            console.print(f"`{called_as()} down` stops the cloud.")
        return _INTERRUPTED
    return conclude(console, count, findings, seconds=time.monotonic() - began)


def _tell(console: Console, where: Endpoints, *, keep: bool) -> tuple[int, list[str]]:
    with Receiver() as receiver, connect(where.api_url) as http:
        api = Api(http)
        names, jobs = plan.load(receiver.url)
        story = Story(console, api, receiver, names, jobs)
        try:
            prometheus = scraper(api, where)
            before = metrics.read(prometheus.text("/metrics"))
            open_tenants(story)
            submit_jobs(story)
            follow_jobs(story)
            if not story.findings:
                # The rest builds on the ends that were announced.
                mend_dead_letters(story)
                show_audit_trail(story, where)
                show_metrics(story, prometheus, before)
            show_places(story, where, keep=keep)
        except DemoError as error:
            story.find(str(error))
    return len(jobs), story.findings


def conclude(console: Console, count: int, findings: Sequence[str], *, seconds: float) -> int:
    """Print the last line, or what was not as announced. Returns the exit code."""
    console.print()
    if not findings:
        console.print(f"[bold green]demo: {count} jobs, all ended as announced[/] ({seconds:.0f} s)")
        return 0
    console.print(f"[bold red]demo: {count} jobs, and not all was as announced:[/]")
    for finding in findings:
        console.print(f"  - {finding}", markup=False, soft_wrap=True)
    console.print(f"`{called_as()} status` shows what is not well, `{called_as()} logs` what was logged.")
    return 1
