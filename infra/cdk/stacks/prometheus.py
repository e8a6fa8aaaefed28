"""Prometheus as a service: a workspace, its rules, and the function that feeds it once a minute.

Only reads the API, as any other Prometheus server would: nothing of the service waits for this stack.
"""

import aws_cdk as cdk
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from infra.cdk.components import access
from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.common_layer import CommonLayer
from infra.cdk.components.job_function import JobFunction, Placement
from infra.cdk.components.prometheus_workspace import PrometheusWorkspace
from infra.cdk.components.release import Rollout
from infra.cdk.data_plane import SharedSecret
from infra.cdk.settings import StageSettings

# A slow scrape, three writes that time out, and the pauses between them.
EXPORT_TIMEOUT_SECONDS = 30


class PrometheusStack(cdk.Stack):
    """The workspace of one stage; `functions` holds what feeds it, by name.

    Args: `metrics_url` and `metrics_credential` are what every scraper needs; `rollout` is the service's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        metrics_url: str,
        metrics_credential: SharedSecret,
        rollout: Rollout | None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Managed Prometheus of the task queue, and what feeds it.",
        )
        workspace = PrometheusWorkspace(self, "Prometheus", stage=stage)
        export = JobFunction(
            self,
            "Export",
            name="export",
            description="Scrapes the metrics and writes them to managed Prometheus.",
            stage=stage,
            # Not the service's: its ARN changes with every version, which an import by another stack would forbid.
            layer=CommonLayer(self, "CommonLayer", stage=stage).layer,
            network=None,
            access=[
                access.metrics_credential(metrics_credential),
                access.plain(METRICS_URL=metrics_url),
                workspace.writing,
            ],
            timeout_seconds=EXPORT_TIMEOUT_SECONDS,
            placement=Placement.OUTSIDE,
            rollout=rollout,
        )
        self.functions = {export.name: export}
        schedule = events.Rule(
            self,
            "ExportSchedule",
            rule_name=f"smartqueue-{stage.name}-export",
            description="Scrapes once a minute.",
            schedule=events.Schedule.rate(cdk.Duration.minutes(1)),
            targets=[
                targets.LambdaFunction(
                    export.target,
                    # The next minute brings the next scrape; a late one would only fall on it.
                    retry_attempts=0,
                    max_event_age=cdk.Duration.seconds(60),
                )
            ],
        )
        acknowledge(schedule, "Serverless-EventBusDLQ", "A scrape that was missed says nothing of use later.")
        cdk.CfnOutput(self, "PrometheusUrl", value=workspace.url)
        cdk.CfnOutput(self, "PrometheusQueryUrl", value=f"{workspace.url}/api/v1/query")
