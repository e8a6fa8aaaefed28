"""The service: every function with what it may use, the API in front, the Kafka triggers and the relay behind.

The same in every stage; what a stage is made of arrives as a `Stage` and a `DataPlane`.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.cdk.components import access
from infra.cdk.components.access import Access
from infra.cdk.components.common_layer import CommonLayer
from infra.cdk.components.job_function import JobFunction, Placement
from infra.cdk.components.kafka_rights import JOB_DLQ, JOB_EVENTS, JOB_RESULTS
from infra.cdk.components.kafka_trigger import KafkaTrigger
from infra.cdk.components.migration import Migration
from infra.cdk.components.rest_api import RestApi
from infra.cdk.data_plane import DataPlane
from infra.cdk.routes import ROUTES
from infra.cdk.settings import StageSettings, TriggerSettings

API_TIMEOUT_SECONDS = 15


class ServiceStack(cdk.Stack):
    """Functions, API, triggers and schedule of one stage."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, plane: DataPlane) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Functions, API, triggers and schedule of the task queue.",
        )
        self._stage = stage
        self._plane = plane
        self._layer = CommonLayer(self, "CommonLayer", stage=stage).layer
        self.functions: dict[str, JobFunction] = {}

        self._describe_functions()
        self._add_migration()
        api = RestApi(
            self,
            "Api",
            stage=stage,
            routes=ROUTES,
            functions={route.function: self.functions[route.function] for route in ROUTES},
            authorizer=self.functions["authorizer"],
        )
        if stage.triggers:
            self._add_trigger("ProcessorTrigger", stage.triggers, function="process", consumer_group="job-processor")
            self._add_trigger("ClassifierTrigger", stage.triggers, function="classify", consumer_group="job-classifier")
        self._add_relay_schedule()

        cdk.CfnOutput(self, "ApiId", value=api.api.rest_api_id)
        cdk.CfnOutput(self, "ApiUrl", value=api.api.url)
        cdk.CfnOutput(self, "MetricsSecretId", value=plane.metrics_credential.name)

    def _describe_functions(self) -> None:
        stage, plane = self._stage, self._plane
        cache = access.cache(plane.cache)
        token = access.token(plane.token_keys, lifetime_seconds=stage.token_lifetime_seconds)
        webhooks = access.webhooks(plane.webhook_signing, allowed_networks=stage.webhook_allowed_networks)
        retry = access.plain(RETRY_BASE_SECONDS="2", RETRY_COUNT="3", RETRY_JITTER="0.1")
        simulate = access.plain(ALLOW_SIMULATE="true" if stage.allow_simulate else "false")

        self._function(
            "auth",
            "Registers tenants and users, issues tokens, keeps the tenant's webhook.",
            [
                access.database(plane.database, plane.database.auth),
                cache,
                token,
                webhooks,
                access.plain(
                    PASSWORD_MIN_LENGTH=str(stage.password_min_length),
                    LOGIN_FAILURES_ALLOWED="10",
                    LOGIN_WINDOW_SECONDS="900",
                ),
            ],
        )
        self._function(
            "authorizer",
            "Turns requests without a valid token away at the edge.",
            [token],
            timeout_seconds=5,
            placement=Placement.OUTSIDE,
        )
        self._function(
            "submit",
            "Accepts jobs and cancels them.",
            [
                access.database(plane.database, plane.database.api),
                cache,
                self._producing(JOB_EVENTS, JOB_RESULTS),
                token,
                retry,
                simulate,
                access.plain(SUBMIT_QUOTA_PER_MINUTE=str(stage.submit_quota_per_minute)),
            ],
        )
        self._function(
            "query", "Shows jobs and their timelines.", [access.database(plane.database, plane.database.api), token]
        )
        self._function(
            "replay",
            "Replays or discards failed jobs; shows audit logs.",
            [
                access.database(plane.database, plane.database.api),
                cache,
                self._producing(JOB_EVENTS),
                token,
            ],
        )
        self._function(
            "process",
            "Runs jobs.",
            [
                access.database(plane.database, plane.database.worker),
                cache,
                self._producing(JOB_EVENTS, JOB_RESULTS, JOB_DLQ),
                retry,
                simulate,
                webhooks,
                access.plain(LEASE_SECONDS="15", HEARTBEAT_SECONDS="5"),
            ],
            timeout_seconds=60,
            placement=Placement.OPEN,
        )
        self._function(
            "classify",
            "Sorts new jobs by category and priority.",
            [
                access.database(plane.database, plane.database.worker),
                cache,
                self._producing(JOB_EVENTS),
                access.openai(plane.openai),
                access.plain(
                    OPENAI_MODEL=stage.model.name,
                    OPENAI_TIMEOUT_SECONDS=f"{stage.model.timeout_seconds:g}",
                    CLASSIFY_CONFIDENCE_THRESHOLD=f"{stage.model.confidence_threshold:g}",
                ),
            ],
            timeout_seconds=60,
            placement=Placement.OPEN,
        )
        self._function(
            "relay",
            "Publishes due events, rescues stranded jobs, measures queues.",
            [
                access.database(plane.database, plane.database.worker),
                cache,
                self._producing(JOB_EVENTS, JOB_RESULTS, JOB_DLQ),
                retry,
                access.plain(RELAY_POLL_SECONDS="0.25", RELAY_RUN_SECONDS="57", RESCUE_STRANDED_SECONDS="900"),
            ],
            timeout_seconds=60,
        )
        self._function(
            "metrics",
            "Shows the metrics to Prometheus.",
            [
                access.database(plane.database, plane.database.monitor),
                cache,
                access.metrics_credential(plane.metrics_credential),
            ],
        )
        self._function(
            "migrate",
            "Brings the database schema up to date.",
            [access.database_server(plane.database), access.database_roles(plane.database)],
            timeout_seconds=120,
        )
        self._function("docs", "Shows the API's documentation.", [], placement=Placement.OUTSIDE)

    def _function(
        self,
        name: str,
        description: str,
        granted: Sequence[Access],
        *,
        timeout_seconds: int = API_TIMEOUT_SECONDS,
        placement: Placement = Placement.CLOSED,
    ) -> None:
        self.functions[name] = JobFunction(
            self,
            name.capitalize(),
            name=name,
            description=description,
            stage=self._stage,
            layer=self._layer,
            network=self._plane.network,
            access=granted,
            timeout_seconds=timeout_seconds,
            placement=placement,
        )

    def _producing(self, *topics: str) -> Access:
        return access.producing(self, self._plane.kafka, *topics)

    def _add_migration(self) -> None:
        migration = Migration(self, "Migration", function=self.functions["migrate"])
        for name, function in self.functions.items():
            if name != "migrate":
                function.function.node.add_dependency(migration)

    def _add_trigger(self, construct_id: str, settings: TriggerSettings, *, function: str, consumer_group: str) -> None:
        KafkaTrigger(
            self,
            construct_id,
            function=self.functions[function],
            kafka=self._plane.kafka,
            topic=JOB_EVENTS,
            consumer_group=consumer_group,
            settings=settings,
        )

    def _add_relay_schedule(self) -> None:
        events.Rule(
            self,
            "RelaySchedule",
            rule_name=f"smartqueue-{self._stage.name}-relay",
            description="Keeps one relay running: each run lasts almost until the next.",
            schedule=events.Schedule.rate(cdk.Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    self.functions["relay"].function,
                    # The next minute brings the next run; a late one would only queue behind it.
                    retry_attempts=0,
                    max_event_age=cdk.Duration.seconds(60),
                )
            ],
        )
