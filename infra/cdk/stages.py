"""What differs between the stages, as plain values.

A stage is chosen with `-c stage=<name>`. Which data services it runs on is not a setting: see `data_plane.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import aws_cdk as cdk
from aws_cdk import aws_logs as logs

type Architecture = Literal["arm64", "x86_64"]


class UnknownStageError(ValueError):
    """The stage (or a setting of it) that was asked for does not exist; the message lists what does."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """The settings of one stage; every stack is built from one of these and a `DataPlane`."""

    name: str
    account: str | None
    """The account to deploy to; None takes the one of the CLI's credentials."""
    region: str | None
    bootstrapped: bool
    """Whether the account has the roles that `cdk bootstrap` makes; an emulator only needs the assets bucket."""

    password_min_length: int
    submit_quota_per_minute: int
    """Jobs one tenant may submit in a minute before it gets 429."""
    allow_simulate: bool
    """Whether the job type `simulate` is accepted (demos and load tests)."""
    webhook_allowed_networks: str
    """Private networks, comma separated, that webhooks may reach all the same; normally none."""

    api_requests_per_second: int
    api_burst: int
    authorizer_cache_seconds: int
    """How long the edge trusts a token it has seen; the handlers check it again at every call."""
    cors_origins: tuple[str, ...]
    """Web origins whose pages may call the API; none means no CORS preflight at all."""
    access_logs: bool
    pinned_api_id: str | None
    """A fixed API id; only emulators can do that."""

    kafka_triggers: bool
    """Whether the event source mappings are deployed; plain LocalStack has none, there the trigger reads a file."""
    kafka_window_seconds: int
    """How long a trigger waits to fill a batch; 0 leaves the service's own default (half a second on AWS)."""
    log_retention: logs.RetentionDays
    keeps_data: bool
    """Whether logs and secrets outlive the stack."""
    ratio_alarms: bool
    """Alarms over metric arithmetic, which the emulator refuses."""

    architecture: Architecture
    bundle_libraries: bool
    """Whether the layer carries the third-party libraries; the emulator's interpreter has them already."""

    @property
    def environment(self) -> cdk.Environment:
        """Where the stage's stacks go."""
        return cdk.Environment(account=self.account, region=self.region)

    @property
    def synthesizer(self) -> cdk.StackSynthesizer:
        """How the stage's stacks are deployed: with the roles of `cdk bootstrap`, or as whoever runs the CLI."""
        return cdk.DefaultStackSynthesizer() if self.bootstrapped else cdk.CliCredentialsStackSynthesizer()


LOCAL = Stage(
    name="local",
    account="000000000000",
    region="us-east-1",
    bootstrapped=False,
    password_min_length=6,
    submit_quota_per_minute=6000,
    allow_simulate=True,
    webhook_allowed_networks="127.0.0.0/8",
    api_requests_per_second=10_000,
    api_burst=5_000,
    authorizer_cache_seconds=60,
    cors_origins=(),
    access_logs=False,
    pinned_api_id="smartqueue",
    kafka_triggers=True,
    kafka_window_seconds=0,
    log_retention=logs.RetentionDays.ONE_WEEK,
    keeps_data=False,
    ratio_alarms=False,
    architecture="arm64",
    bundle_libraries=False,
)

STAGES = {stage.name: stage for stage in (LOCAL,)}


CHOICES: dict[str, dict[str, dict[str, Any]]] = {
    "bundle": {"true": {"bundle_libraries": True}, "false": {"bundle_libraries": False}},
    "architecture": {"arm64": {"architecture": "arm64"}, "x86_64": {"architecture": "x86_64"}},
    "kafka-triggers": {"true": {"kafka_triggers": True}, "false": {"kafka_triggers": False}},
}
"""What else `-c name=value` may change in a stage."""


def chosen_stage(context: Mapping[str, str | None]) -> Stage:
    """The stage the CLI's context asks for.

    Args: the raw context values of `stage` and of `CHOICES`; None or absent where not given.
    Raises: UnknownStageError when there is no such stage, or no such value.
    """
    known = ", ".join(sorted(STAGES))
    name = context.get("stage")
    if name is None:
        raise UnknownStageError(f"No stage chosen. Add -c stage=<name>; known stages: {known}.")
    if name not in STAGES:
        raise UnknownStageError(f'There is no stage "{name}"; known stages: {known}.')
    stage = STAGES[name]
    for choice, values in CHOICES.items():
        value = context.get(choice)
        if value is None:
            continue
        if value not in values:
            allowed = " or ".join(f'"{v}"' for v in values)
            raise UnknownStageError(f"-c {choice}={value} makes no sense; it is {allowed}.")
        stage = replace(stage, **values[value])
    return stage
