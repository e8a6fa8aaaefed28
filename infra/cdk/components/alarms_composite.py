"""The alarms that ring: each gathers what has one meaning for people, and is quiet while a worse one rings.

docs/operations.md has the table from causes to what rings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.cdk.components.alarms_watch import RUNBOOK
from infra.cdk.settings import StageSettings

EXTENSION = cdk.Duration.minutes(5)
"""How long a recovery may take before what was quiet rings after all."""


@dataclass(frozen=True, kw_only=True)
class Composite:
    """Rings when any of its members does.

    A member is the name of an alarm or of an earlier composite; `name*` stands for all whose name begins so.
    """

    name: str
    meaning: str
    members: Sequence[str]
    functions: Sequence[str] = ()
    """Functions whose errors count."""
    rings: bool = True
    quiet_during: str | None = None
    wait_minutes: int = 0
    """How long the worse alarm may take to notice the same cause."""


COMPOSITES = (
    Composite(
        name="jobs-not-accepted",
        meaning="Callers are refused, or wait too long: jobs may not be accepted.",
        members=("api-server-errors", "submit-server-errors", "submit-latency"),
        functions=("auth", "authorizer", "submit"),
    ),
    Composite(
        name="jobs-not-moving",
        meaning="Jobs are accepted and safe, but wait.",
        members=("oldest-pending-job", "consumer-lag-*", "consumer-stalled-*", "relay-not-running", "outbox-backlog"),
        functions=("process", "classify", "relay"),
        # A database that is away stops both; whoever mends the first mends the second.
        quiet_during="jobs-not-accepted",
        # Errors of a function are told after two minutes, those of callers after three.
        wait_minutes=3,
    ),
    Composite(
        name="jobs-failing",
        meaning="Jobs run and fail for good, or their events were given up.",
        members=("job-failure-ratio", "dlq-growing", "undelivered-batches"),
    ),
    Composite(
        name="records-in-doubt",
        meaning="Jobs or audit entries are not as the service left them: lost, or changed by somebody else.",
        # Never quiet: nothing else that rings explains it.
        members=("jobs-unaccounted", "audit-trail-broken"),
    ),
    Composite(
        name="users-affected",
        meaning="Somebody is called already; lesser alarms keep quiet.",
        members=("jobs-not-accepted", "jobs-not-moving"),
        rings=False,
    ),
    Composite(
        name="resources-strained",
        meaning="A data service or a function is at a limit; nobody is harmed yet.",
        members=("database-*", "kafka-*", "cache-*", "functions-throttled", "concurrency-near-reserve"),
        quiet_during="users-affected",
        wait_minutes=10,
    ),
    Composite(
        name="housekeeping",
        meaning="Something beside the road of the jobs is broken.",
        members=("model-away", "metrics-export-failing", "seal-missing"),
        functions=("query", "replay", "metrics", "docs", "migrate", "rotate", "seal", "export"),
        quiet_during="users-affected",
        wait_minutes=10,
    ),
)


class CompositeAlarms(Construct):
    """The composite alarms of a stage over its `alarms` and over those that stand beside its `functions`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        functions: Sequence[str],
        alarms: Mapping[str, cloudwatch.IAlarm],
        action: cloudwatch.IAlarmAction,
    ) -> None:
        super().__init__(scope, construct_id)
        known = {**alarms, **self._beside_functions(stage, functions)}
        for composite in COMPOSITES:
            known[composite.name] = self._add(composite, stage, known, action)

    def _beside_functions(self, stage: StageSettings, functions: Sequence[str]) -> dict[str, cloudwatch.IAlarm]:
        """By name only, so that watching never holds back a deployment of the service."""
        names = [f"{function}-errors" for function in functions]
        return {
            name: cloudwatch.Alarm.from_alarm_name(self, f"Named-{name}", f"smartqueue-{stage.name}-{name}")
            for name in names
        }

    def _add(
        self,
        composite: Composite,
        stage: StageSettings,
        known: Mapping[str, cloudwatch.IAlarm],
        action: cloudwatch.IAlarmAction,
    ) -> cloudwatch.CompositeAlarm:
        wanted = (*composite.members, *(f"{function}-errors" for function in composite.functions))
        members = [alarm for name, alarm in known.items() if any(_is_meant(name, pattern) for pattern in wanted)]
        quiet = composite.quiet_during
        alarm = cloudwatch.CompositeAlarm(
            self,
            "".join(word.capitalize() for word in composite.name.split("-")),
            composite_alarm_name=f"smartqueue-{stage.name}-{composite.name}",
            alarm_description=f"{composite.meaning} {RUNBOOK}#{composite.name}",
            alarm_rule=cloudwatch.AlarmRule.any_of(
                *(cloudwatch.AlarmRule.from_alarm(member, cloudwatch.AlarmState.ALARM) for member in members)
            ),
            actions_suppressor=known[quiet] if quiet else None,
            actions_suppressor_wait_period=cdk.Duration.minutes(composite.wait_minutes) if quiet else None,
            actions_suppressor_extension_period=EXTENSION if quiet else None,
        )
        if composite.rings:
            alarm.add_alarm_action(action)
            alarm.add_ok_action(action)
        return alarm


def _is_meant(name: str, pattern: str) -> bool:
    return name.startswith(pattern.removesuffix("*")) if pattern.endswith("*") else name == pattern
