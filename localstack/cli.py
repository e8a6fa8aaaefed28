"""`smartqueue-local`: start, stop, deploy to and look into the cloud on this laptop."""

from __future__ import annotations

import sys
import time
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from botocore.exceptions import BotoCoreError
from rich.console import Console
from rich.table import Table

from localstack import docker, logs, paths, status, verification
from localstack import state as states
from localstack.errors import LocalCloudError
from localstack.settings import from_environment
from localstack.up import cloud_for, deploy_again, up

if TYPE_CHECKING:
    from collections.abc import Callable

    from localstack.cloud import Cloud
    from localstack.endpoints import Endpoints

app = typer.Typer(
    name="smartqueue-local",
    help="The whole cloud on this laptop: start, stop, deploy to it and look into it. No Docker needed.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
# Progress goes to stderr, so that `$(smartqueue-local url)` and pipes get answers only.
progress = Console(stderr=True)
answers = Console(soft_wrap=True)


class Kind(StrEnum):
    """What the services run in."""

    embedded = "embedded"
    docker = "docker"


Services = Annotated[
    Kind | None, typer.Option("--services", help="What the services run in; the last choice is remembered.")
]


def _guarded[Answer](action: Callable[[], Answer]) -> Answer:
    """Run it; what the person can put right is printed as a sentence, without a stack trace."""
    try:
        return action()
    except LocalCloudError as error:
        _complain(str(error))
    except BotoCoreError as error:
        _complain(f"The emulator does not answer ({error}). Is it up? `smartqueue-local up`")
    raise typer.Exit(1)


def _complain(sentence: str) -> None:
    progress.print("[red]error[/]  ", end="")
    progress.print(sentence, highlight=False, markup=False, soft_wrap=True)


def _cloud(services: Kind | None = None) -> Cloud:
    return cloud_for(paths.home(), from_environment(), services or "")


def _started() -> Cloud:
    cloud = _cloud()
    if not cloud.settings.aws_endpoint and not cloud.emulator.port:
        raise LocalCloudError(f"Nothing was ever started in {cloud.home}: run `smartqueue-local up`.")
    return cloud


def _running() -> Cloud:
    cloud = _started()
    # Another folder's emulator may listen on the same fixed port: it is not ours to deploy to.
    if not cloud.settings.aws_endpoint and not cloud.emulator.is_running():
        raise LocalCloudError(f"The cloud in {cloud.home} does not run: run `smartqueue-local up`.")
    return cloud


@app.command("up")
def command_up(
    services: Services = None,
    *,
    redeploy: Annotated[bool, typer.Option("--redeploy", help="Deploy even when nothing has changed.")] = False,
) -> None:
    """Start everything, deploy the CDK app and wait for the first answer. Again: only what is missing."""

    def action() -> None:
        started = time.monotonic()
        with states.locked(paths.home()):
            cloud = _cloud(services)
            where = up(cloud, progress, redeploy=redeploy)
        progress.print(f"\nReady after {time.monotonic() - started:.1f} s. Data: {cloud.home}", highlight=False)
        progress.print(f"API:  {where.api_url}\nDocs: {where.api_url}/docs", highlight=False)

    _guarded(action)


@app.command("down")
def command_down() -> None:
    """Stop everything. The data stays: jobs, topics, cache, secrets."""

    def action() -> None:
        with states.locked(paths.home()):
            cloud = _cloud()
            stopped = cloud.stop()
            if cloud.state.services == "docker":
                docker.down()
                stopped.append("containers")
        progress.print(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.", highlight=False)

    _guarded(action)


@app.command("reset")
def command_reset(*, yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False) -> None:
    """Stop everything and remove all data."""
    home = paths.home()
    if not yes and home.exists():
        typer.confirm(f"Remove all data in {home}?", abort=True)

    def action() -> None:
        with states.locked(home):
            try:
                cloud = _cloud()
            except states.StateError:
                (home / "state.json").unlink()
                cloud = _cloud()
            cloud.stop()
            if cloud.state.services == "docker":
                docker.down(with_data=True)
            cloud.erase()
        progress.print(f"{home} is empty.", highlight=False)

    _guarded(action)


@app.command("deploy")
def command_deploy() -> None:
    """Deploy the functions and the CDK app as they are now to the running cloud."""

    def action() -> None:
        with states.locked(paths.home()):
            deploy_again(_running(), progress)

    _guarded(action)


@app.command("status")
def command_status() -> None:
    """Show the services, the functions, and how far each consumer group is behind. Exit code 1 unless all is well."""
    cloud = _guarded(_cloud)
    table = Table("service", "pid", "address", "health", box=None)
    rows = _guarded(lambda: status.parts(cloud))
    for part in rows:
        colour = "green" if part.well else "red"
        table.add_row(part.name, str(part.pid or "-"), part.address, f"[{colour}]{part.health}[/]")
    answers.print(table)
    where = cloud.endpoints
    if any(part.name == "emulator" and part.well for part in rows):
        answers.print(f"\nfunctions  {', '.join(status.functions(where.aws)) or 'none'}", highlight=False)
        behind = Table("group", "topic", "function", "lag", box=None)
        for mapping, lag in status.mappings(where.aws, where.kafka):
            behind.add_row(mapping.group, mapping.topic, mapping.function, "unknown" if lag is None else str(lag))
        answers.print(behind)
    raise typer.Exit(0 if all(part.well for part in rows) else 1)


@app.command("url")
def command_url() -> None:
    """Print the API's base URL and nothing else."""
    print(_guarded(_started).endpoints.api_url)


@app.command("logs")
def command_logs(
    selection: Annotated[
        str, typer.Argument(help="A function (submit), a process (trigger, kafka), or a correlation id. Empty: all.")
    ] = "",
    *,
    last: Annotated[int, typer.Option("--last", "-n", help="How many lines.")] = 100,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing what comes.")] = False,
) -> None:
    """Show the functions' log lines in order of time."""

    def action() -> None:
        cloud = _started()
        file = cloud.home / "logs" / f"{selection}.log"
        if selection and file.exists():
            with file.open(encoding="utf-8", errors="replace") as content:
                sys.stdout.writelines(deque(content, maxlen=last))
            return
        reader = logs.LogReader(cloud.endpoints.aws)
        for line in reader.read(selection)[-last:]:
            print(line.text())
        if follow:
            for line in reader.follow(selection):
                print(line.text(), flush=True)

    try:
        _guarded(action)
    except KeyboardInterrupt:
        raise typer.Exit(0) from None


@app.command("verify")
def command_verify(
    *, tenant: Annotated[str, typer.Option("--tenant", "-t", help="Of this tenant alone.")] = ""
) -> None:
    """Verify the whole audit trail against all that was ever sealed. Exit code 1 unless it is as it was written."""
    found = _guarded(lambda: verification.verify(_running().endpoints, tenant))
    if found.problems:
        answers.print(found.table())
    answers.print(found.summary(), highlight=False)
    raise typer.Exit(0 if found.sound else 1)


@app.command("demo")
def command_demo(
    *,
    keep: Annotated[bool, typer.Option("--keep/--no-keep", help="Leave the cloud running at the end.")] = True,
) -> None:
    """Start the cloud if need be, and watch real jobs travel the whole road. Exit code 0 if all ended as announced."""
    # Lazily: no other command should pay for its imports.
    from localstack.demo.run import run_demo  # noqa: PLC0415

    def start() -> Endpoints:
        command_up()
        return _cloud().endpoints

    try:
        code = _guarded(lambda: run_demo(start, keep=keep))
    finally:
        if not keep:
            command_down()
    raise typer.Exit(code)


if __name__ == "__main__":
    app()
