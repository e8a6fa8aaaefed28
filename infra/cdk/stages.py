"""What differs between the stages, as plain values.

A stage is chosen with `-c stage=<name>`. Which data services it runs on is not a setting: see `data_plane.py`.
"""

from dataclasses import dataclass, replace
from typing import Literal

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
    kafka_window_seconds=0,
    log_retention=logs.RetentionDays.ONE_WEEK,
    keeps_data=False,
    ratio_alarms=False,
    architecture="arm64",
    bundle_libraries=False,
)

STAGES = {stage.name: stage for stage in (LOCAL,)}


def chosen_stage(*, name: str | None, bundle: str | None, architecture: str | None) -> Stage:
    """The stage the CLI's context asks for.

    Args: the raw context values of `-c stage=`, `-c bundle=` and `-c architecture=`; None where not given.
    Raises: UnknownStageError when there is no such stage, or no such value.
    """
    known = ", ".join(sorted(STAGES))
    if name is None:
        raise UnknownStageError(f"No stage chosen. Add -c stage=<name>; known stages: {known}.")
    if name not in STAGES:
        raise UnknownStageError(f'There is no stage "{name}"; known stages: {known}.')
    stage = STAGES[name]
    match bundle:
        case None:
            pass
        case "true" | "false":
            stage = replace(stage, bundle_libraries=bundle == "true")
        case _:
            raise UnknownStageError(f'-c bundle={bundle} makes no sense; it is "true" or "false".')
    match architecture:
        case None:
            pass
        case "arm64" | "x86_64":
            stage = replace(stage, architecture=architecture)
        case _:
            raise UnknownStageError(f'-c architecture={architecture} makes no sense; it is "arm64" or "x86_64".')
    return stage
