"""The stages that can be deployed, and what each chooses; `settings.py` says what there is to choose."""

from collections.abc import Mapping

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from infra.cdk.settings import (
    ApiSettings,
    CacheSettings,
    DatabaseSettings,
    DeploymentSettings,
    FirewallSettings,
    FunctionSettings,
    KafkaSettings,
    NetworkSettings,
    RetentionSettings,
    SealSettings,
    StageSettings,
    TriggerSettings,
)

# Two relays would only wait for one another; see docs/decisions.md.
ONE_AT_A_TIME = FunctionSettings(reserved_concurrency=1)
# Whoever takes the stage down may take its seals away as well.
SHORT_SEALS = SealSettings(retention_days=1, mode="GOVERNANCE")


class UnknownStageError(ValueError):
    """The stage (or a setting of it) that was asked for does not exist; the message lists what does."""


LOCAL = StageSettings(
    name="local",
    account="000000000000",
    bootstrapped=False,
    keeps_data=False,
    log_retention_days=7,
    secret_rotation_days=None,
    network=None,
    database=None,
    cache=None,
    kafka=None,
    api=ApiSettings(requests_per_second=10_000, burst=5_000, access_logs=False, pinned_id="smartqueue", firewall=None),
    seal=SHORT_SEALS,
    functions={"relay": ONE_AT_A_TIME},
    deployment=None,
    bundle_libraries=False,
    full_cloudwatch=False,
    prometheus=False,
    password_min_length=6,
    submit_quota_per_minute=6000,
    allow_simulate=True,
    webhook_allowed_networks=("127.0.0.0/8",),
)

DEV = StageSettings(
    name="dev",
    keeps_data=False,
    log_retention_days=7,
    network=NetworkSettings(nat_gateways=1, endpoint_zones=1),
    database=DatabaseSettings(
        instance_class="t4g.micro",
        max_connections=100,
        multi_az=False,
        storage_gigabytes=20,
        storage_limit_gigabytes=50,
        backup_days=1,
    ),
    cache=CacheSettings(node_type="cache.t4g.micro", replicas=0),
    kafka=KafkaSettings(
        instance_type="kafka.t3.small",
        volume_gigabytes=10,
        volume_limit_gigabytes=50,
        partitions=3,
        events_retention_days=2,
        dead_letter_retention_days=7,
    ),
    api=ApiSettings(requests_per_second=50, burst=100),
    seal=SHORT_SEALS,
    retention=RetentionSettings(jobs_days=14, audit_days=30),
    functions={
        "auth": FunctionSettings(reserved_concurrency=5),
        "submit": FunctionSettings(reserved_concurrency=15),
        "query": FunctionSettings(reserved_concurrency=15),
        "replay": FunctionSettings(reserved_concurrency=5),
        "process": FunctionSettings(reserved_concurrency=3),
        "classify": FunctionSettings(reserved_concurrency=3),
        "metrics": FunctionSettings(reserved_concurrency=3),
        "relay": ONE_AT_A_TIME,
    },
    deployment=DeploymentSettings(canary_minutes=0),
    allow_simulate=True,
)

PROD = StageSettings(
    name="prod",
    triggers=TriggerSettings(provisioned=True, minimum_pollers=1, maximum_pollers=12),
    api=ApiSettings(firewall=FirewallSettings(requests_per_address=3000)),
    functions={
        "auth": FunctionSettings(memory_megabytes=1769, reserved_concurrency=20, snap_start=True),
        "authorizer": FunctionSettings(memory_megabytes=512),
        "submit": FunctionSettings(memory_megabytes=1024, reserved_concurrency=100, snap_start=True),
        "query": FunctionSettings(memory_megabytes=1024, reserved_concurrency=100, snap_start=True),
        "replay": FunctionSettings(memory_megabytes=512, reserved_concurrency=10, snap_start=True),
        "process": FunctionSettings(memory_megabytes=1769, reserved_concurrency=24),
        "classify": FunctionSettings(memory_megabytes=1024, reserved_concurrency=12),
        "metrics": FunctionSettings(reserved_concurrency=5),
        "relay": ONE_AT_A_TIME,
    },
)

STAGES = {stage.name: stage for stage in (LOCAL, DEV, PROD)}


def chosen_stage(context: Mapping[str, object]) -> StageSettings:
    """The stage the CLI's context asks for.

    Args: context values by name: `stage`, and any setting by its path (see `settings.py`). None means not given.
    Raises: UnknownStageError when there is no such stage, or a value makes no sense.
    """
    known = ", ".join(sorted(STAGES))
    name = context.get("stage")
    if name is None:
        raise UnknownStageError(f"No stage chosen. Add -c stage=<name>; known stages: {known}.")
    if name not in STAGES:
        raise UnknownStageError(f'There is no stage "{name}"; known stages: {known}.')
    given = {path: context[path] for path in StageSettings.paths() if context.get(path) is not None}
    try:
        return STAGES[str(name)].with_values(given)
    except ValidationError as error:
        raise UnknownStageError("; ".join(map(_in_words, error.errors())) + ".") from None


def _in_words(problem: ErrorDetails) -> str:
    path = ".".join(str(part).replace("_", "-") for part in problem["loc"])
    value = "" if isinstance(problem["input"], dict) else f"={problem['input']}"
    return f"-c {path}{value} makes no sense: {problem['msg']}"
