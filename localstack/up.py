"""From nothing to a usable URL: services, topics, deployment, trigger, and the first answered request."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from localstack import deploy, docker
from localstack import state as states
from localstack.aws import client
from localstack.cloud import Cloud
from localstack.endpoints import FUNCTION_PREFIX, Endpoints
from localstack.errors import DeployError
from localstack.services.kafka import TOPICS, create_topics

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.console import Console

    from localstack.settings import Settings

_FIRST_ANSWER_SECONDS = 30
_RELAY_SECONDS = 5
_MIGRATION_SECONDS = 130
# Wrong password, or asked too often with it.
_REFUSALS = {401, 429}
EMBEDDED_CONTEXT = {"stage": "local"}


@dataclass
class Steps:
    """Prints one line per finished step with the seconds it took, and a spinner meanwhile where that is possible."""

    console: Console

    @contextmanager
    def step(self, doing: str) -> Iterator[None]:
        """Show `doing` while the block runs; its line is printed by `done`."""
        with self.console.status(f"{doing} ..."):
            yield

    def done(self, name: str, detail: str, seconds: float) -> None:
        """One finished step."""
        self.console.print(
            f"  [green]ok[/]  {name:<10} {detail} [dim]{seconds:.1f} s[/]", highlight=False, soft_wrap=True
        )


def cloud_for(home: Path, settings: Settings, services: str = "") -> Cloud:
    """The cloud in this folder, in the way it was started last unless `services` says another one."""
    remembered = states.load(home).services
    kind = services or remembered
    cloud = Cloud(home, docker.settings(settings) if kind == "docker" else settings)
    cloud.state.services = kind
    return cloud


def up(cloud: Cloud, console: Console, *, redeploy: bool = False) -> Endpoints:
    """Start and deploy what is not running and deployed. Returns the addresses; raises LocalCloudError."""
    steps = Steps(console)
    deploy.check_tools()
    in_docker = cloud.state.services == "docker"
    with ThreadPoolExecutor(max_workers=1) as pool:
        started = time.monotonic()
        # Synthesis is the longest step of a first start and needs none of the services.
        synthesis = pool.submit(
            deploy.synthesise, cloud.home, context=docker.CONTEXT if in_docker else EMBEDDED_CONTEXT
        )
        with steps.step("starting the services"):
            if in_docker:
                docker.up()
            # Only now: a choice that did not work out is not remembered.
            states.save(cloud.home, cloud.state)
            cloud.start_services(steps.done)
        for note in cloud.notes:
            console.print(f"  [yellow]note[/] {note}", highlight=False, soft_wrap=True)
        with steps.step("creating the topics"):
            begun = time.monotonic()
            create_topics(cloud.endpoints.kafka, TOPICS)
            steps.done("topics", " ".join(TOPICS), time.monotonic() - begun)
        with steps.step("synthesising the CDK app"):
            assembly = synthesis.result()
            steps.done("synthesis", f"cloud assembly {assembly.fingerprint}", time.monotonic() - started)
    where = cloud.endpoints
    _deploy(cloud, assembly, steps, redeploy=redeploy)
    with steps.step("waiting for the first answer"):
        begun = time.monotonic()
        # Before anything else asks for functions: the emulator loads that part of itself at the first request, and
        # several at once can trip over one another.
        start_relay(where)
        cloud.start_helpers(docker.MAPPING_FILE if in_docker else None)
        wait_for_api(where)
        steps.done("api", where.api_url, time.monotonic() - begun)
    return where


def deploy_again(cloud: Cloud, console: Console) -> None:
    """Deploy the sources as they are now to a cloud that runs. Raises LocalCloudError."""
    steps = Steps(console)
    deploy.check_tools()
    in_docker = cloud.state.services == "docker"
    started = time.monotonic()
    with steps.step("synthesising the CDK app"):
        assembly = deploy.synthesise(cloud.home, context=docker.CONTEXT if in_docker else EMBEDDED_CONTEXT)
        steps.done("synthesis", f"cloud assembly {assembly.fingerprint}", time.monotonic() - started)
    _deploy(cloud, assembly, steps, redeploy=True)


def _deploy(cloud: Cloud, assembly: deploy.Assembly, steps: Steps, *, redeploy: bool) -> None:
    where = cloud.endpoints
    values = deploy.parameters(
        docker.INSIDE if cloud.state.services == "docker" else where,
        openai_api_key=cloud.settings.openai_api_key,
        openai_base_url=cloud.settings.openai_base_url,
    )
    deployment = deploy.Deployment(assembly, values, endpoint=where.aws, home=cloud.home)
    with steps.step("deploying the CDK app"):
        if not redeploy and deployment.is_current():
            steps.done("deployment", "unchanged since the last one", 0)
            return
        steps.done("deployment", f"{deploy.STACKS} to {where.aws}", deployment.run())
    with steps.step("bringing the schema up to date"):
        begun = time.monotonic()
        migrate(where)
        steps.done("schema", "migrations and the roles' passwords", time.monotonic() - begun)


def migrate(where: Endpoints) -> None:
    """Run the migrate function. Raises DeployError.

    The stack runs it for new migrations; when the database has moved to another port the roles' secrets are made
    anew, and nothing but this brings their new passwords into the database.
    """
    functions = client("lambda", where.aws, read_timeout_seconds=_MIGRATION_SECONDS)
    try:
        answer = functions.invoke(FunctionName=f"{FUNCTION_PREFIX}migrate", Payload=b"{}")
    except (BotoCoreError, ClientError) as error:
        raise DeployError(
            f"The migrate function cannot be run ({error}). See `smartqueue-local logs migrate`."
        ) from error
    if answer.get("FunctionError"):
        said = answer["Payload"].read().decode(errors="replace")[:300]
        raise DeployError(f"The migrations failed: {said}. See `smartqueue-local logs migrate`.")


def start_relay(where: Endpoints) -> None:
    """Run the relay now: its schedule would first do so in a minute."""
    functions = client("lambda", where.aws)
    deadline = time.monotonic() + _RELAY_SECONDS
    while True:
        try:
            functions.invoke(FunctionName=f"{FUNCTION_PREFIX}relay", InvocationType="Event")
        except ClientError as error:
            if time.monotonic() > deadline:
                raise DeployError(
                    f"The relay function cannot be run after the deployment ({error}). Run `smartqueue-local deploy`."
                ) from error
            time.sleep(0.5)
        else:
            return


def wait_for_api(where: Endpoints) -> None:
    """Wait until the API answers, and with its database. Raises DeployError with the last answer."""
    deadline = time.monotonic() + _FIRST_ANSWER_SECONDS
    last = "nothing"
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(_login_of_nobody(where), timeout=20):  # noqa: S310 - our own http URL
                last = "a token for nobody"
        except urllib.error.HTTPError as error:
            if error.code in _REFUSALS:
                return
            last = f"{error.code} {error.read(300).decode(errors='replace')}"
        except OSError as error:
            last = str(error)
        time.sleep(0.3)
    raise DeployError(
        f"{where.api_url}/auth/login gave no proper answer within {_FIRST_ANSWER_SECONDS} seconds"
        f" (last: {last}). See `smartqueue-local logs auth`."
    )


def _login_of_nobody(where: Endpoints) -> urllib.request.Request:
    """A request that only an API with its database can refuse."""
    return urllib.request.Request(  # noqa: S310 - our own http URL
        f"{where.api_url}/auth/login",
        data=json.dumps({"username": "nobody", "password": "nothing"}).encode(),
        headers={"Content-Type": "application/json"},
    )
