"""The service: every function with what it may use, the API in front, the Kafka triggers and the relay behind.

The same in every stage; what a stage is made of arrives as settings and a `DataPlane`.
"""

from functools import partial

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.catalogue import Catalogue
from infra.cdk.components.common_layer import CommonLayer
from infra.cdk.components.kafka_rights import JOB_EVENTS, JOB_EVENTS_BULK
from infra.cdk.components.kafka_trigger import KafkaTrigger
from infra.cdk.components.last_resort import new_last_resort_queue
from infra.cdk.components.migration import Migration
from infra.cdk.components.release import Rollout
from infra.cdk.components.rest_api import RestApi
from infra.cdk.components.rotation import Rotation
from infra.cdk.data_plane import DataPlane
from infra.cdk.routes import ROUTES
from infra.cdk.settings import StageSettings, TriggerSettings


class ServiceStack(cdk.Stack):
    """Functions, API, triggers and schedules of one stage."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, plane: DataPlane) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Functions, API, triggers and schedules of the task queue.",
        )
        self._stage = stage
        self._plane = plane
        self.layer = CommonLayer(self, "CommonLayer", stage=stage).layer
        self.rollout = Rollout(self, "Rollout", stage=stage, pace=stage.deployment) if stage.deployment else None
        self.functions = Catalogue(self, stage=stage, plane=plane, layer=self.layer, rollout=self.rollout).functions
        self._add_migration()
        api = RestApi(
            self,
            "Api",
            stage=stage,
            routes=ROUTES,
            functions={route.function: self.functions[route.function] for route in ROUTES},
            authorizer=self.functions["authorizer"],
        )
        self.metrics_url = f"{api.url}metrics"
        if stage.triggers:
            self._add_triggers(stage.triggers)
        self._add_relay_schedule()
        self._add_seal_schedules()
        if stage.secret_rotation_days:
            self._add_rotation(stage.secret_rotation_days)

        cdk.CfnOutput(self, "ApiId", value=api.api.rest_api_id)
        cdk.CfnOutput(self, "ApiUrl", value=api.url)
        cdk.CfnOutput(self, "MetricsSecretId", value=plane.metrics_credential.name)

    def _add_migration(self) -> None:
        migration = Migration(self, "Migration", function=self.functions["migrate"], server=self._plane.database.server)
        for name, function in self.functions.items():
            if name != "migrate":
                function.function.node.add_dependency(migration)

    def _add_triggers(self, settings: TriggerSettings) -> None:
        queue = new_last_resort_queue(self, "Undelivered", stage=self._stage) if settings.provisioned else None
        for name, function in (("Processor", "process"), ("Classifier", "classify")):
            group = f"job-{name.lower()}"
            add = partial(self._add_trigger, settings=settings, queue=queue, function=function)
            add(f"{name}Trigger", topic=JOB_EVENTS, consumer_group=group)
            add(f"{name}BulkTrigger", topic=JOB_EVENTS_BULK, consumer_group=f"{group}-bulk")

    def _add_trigger(
        self,
        construct_id: str,
        *,
        settings: TriggerSettings,
        queue: sqs.IQueue | None,
        function: str,
        topic: str,
        consumer_group: str,
    ) -> None:
        KafkaTrigger(
            self,
            construct_id,
            function=self.functions[function],
            kafka=self._plane.kafka,
            topic=topic,
            consumer_group=consumer_group,
            settings=settings,
            # One group for all mappings shares the units that are paid by the hour.
            poller_group=f"smartqueue-{self._stage.name}",
            last_resort=queue,
        )

    def _add_relay_schedule(self) -> None:
        schedule = events.Rule(
            self,
            "RelaySchedule",
            rule_name=f"smartqueue-{self._stage.name}-relay",
            description="Keeps one relay running: each run lasts almost until the next.",
            schedule=events.Schedule.rate(cdk.Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    self.functions["relay"].target,
                    # The next minute brings the next run; a late one would only queue behind it.
                    retry_attempts=0,
                    max_event_age=cdk.Duration.seconds(60),
                )
            ],
        )
        acknowledge(schedule, "Serverless-EventBusDLQ", "The next minute's run does what a missed one did not.")

    def _add_seal_schedules(self) -> None:
        # At one hour of the day and not so often: the alarm on missing seals looks for one in every day.
        daily = events.Schedule.cron(hour="3", minute="17")
        self._schedule_seal("seal", daily, {}, "Seals the audit trail once a day.")
        # What the daily run does not look at: what was changed behind the last seal.
        weekly = events.Schedule.cron(week_day="SUN", hour="4", minute="17")
        self._schedule_seal("seal-verify", weekly, {"action": "verify"}, "Verifies the whole audit trail once a week.")

    def _schedule_seal(
        self, rule_name: str, schedule: events.Schedule, event: dict[str, str], description: str
    ) -> None:
        rule = events.Rule(
            self,
            f"{''.join(map(str.capitalize, rule_name.split('-')))}Schedule",
            rule_name=f"smartqueue-{self._stage.name}-{rule_name}",
            description=description,
            schedule=schedule,
            targets=[
                targets.LambdaFunction(
                    self.functions["seal"].target,
                    event=events.RuleTargetInput.from_object(event),
                    # An hour later is as good.
                    retry_attempts=10,
                    max_event_age=cdk.Duration.hours(1),
                )
            ],
        )
        acknowledge(rule, "Serverless-EventBusDLQ", "An alarm tells of a seal that is missing.")

    def _add_rotation(self, days: int) -> None:
        database = self._plane.database
        Rotation(
            self,
            "Rotation",
            function=self.functions["rotate"],
            secrets=[
                database.owner,
                database.api,
                database.auth,
                database.worker,
                database.monitor,
                database.auditor,
                self._plane.token_keys,
            ],
            days=days,
        )
