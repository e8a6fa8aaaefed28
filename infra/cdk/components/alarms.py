"""When to wake somebody. Each alarm's description leads to its section in docs/operations.md."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.cdk.components.metrics import api_metric, failure_ratio, function_metric, job_metric
from infra.cdk.settings import StageSettings

RUNBOOK = "docs/operations.md"
MINUTE = cdk.Duration.minutes(1)
FIVE_MINUTES = cdk.Duration.minutes(5)


class Alarms(Construct):
    """All alarms of a stage; they and their recoveries go to `topic`."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        api_name: str,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._action = actions.SnsAction(topic)
        self._about_the_api(api_name)
        self._about_jobs()
        self._about_the_machinery()

    def _about_the_api(self, api_name: str) -> None:
        self._alarm(
            "api-server-errors",
            "Callers get 5xx answers.",
            api_metric("5XXError", api_name=api_name, statistic="Sum"),
            threshold=5,
            periods=3,
        )
        self._alarm(
            "submit-errors",
            "The function that accepts jobs fails, so jobs may not be accepted.",
            self._function("Errors", "submit"),
            threshold=0,
            periods=3,
        )

    def _about_jobs(self) -> None:
        if self._stage.full_cloudwatch:
            self._alarm(
                "job-failure-ratio",
                "More than a tenth of the jobs that end have failed.",
                failure_ratio(stage=self._stage.name, period=FIVE_MINUTES),
                threshold=10,
                periods=3,
            )
        self._alarm(
            "oldest-pending-job",
            "A job has waited for minutes; work arrives faster than it is done, or it is not done at all.",
            job_metric("oldest_pending_job_age_seconds", stage=self._stage.name, statistic="Maximum"),
            threshold=300,
            periods=5,
        )
        self._alarm(
            "dlq-growing",
            "Jobs fail for good, one five minutes after the other.",
            job_metric("jobs_sent_to_dlq_total", stage=self._stage.name, statistic="Sum", period=FIVE_MINUTES),
            threshold=0,
            periods=3,
        )

    def _about_the_machinery(self) -> None:
        self._alarm(
            "outbox-backlog",
            "Events wait to be published; the broker or the relay is in trouble.",
            job_metric("outbox_backlog", stage=self._stage.name, statistic="Maximum"),
            threshold=1000,
            periods=5,
        )
        self._alarm(
            "relay-not-running",
            "No relay has started for minutes, so retries and rescues stand still.",
            self._function("Invocations", "relay"),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            periods=5,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "relay-errors",
            "The relay ends with errors, so retries, rescues and gauges may stand still.",
            self._function("Errors", "relay"),
            threshold=0,
            periods=3,
        )
        self._alarm(
            "process-errors",
            "The processor fails as a whole, so its batches are delivered again and again.",
            self._function("Errors", "process"),
            threshold=0,
            periods=5,
        )
        self._alarm(
            "classify-errors",
            "The classifier fails as a whole, so tickets wait and its batches are delivered again and again.",
            self._function("Errors", "classify"),
            threshold=0,
            periods=5,
        )

    def _function(self, metric: str, name: str) -> cloudwatch.Metric:
        return function_metric(
            metric, function_name=f"smartqueue-{self._stage.name}-{name}", statistic="Sum", period=MINUTE
        )

    def _alarm(
        self,
        name: str,
        meaning: str,
        metric: cloudwatch.IMetric,
        *,
        threshold: float,
        periods: int,
        comparison: cloudwatch.ComparisonOperator = cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        alarm = cloudwatch.Alarm(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            alarm_name=f"smartqueue-{self._stage.name}-{name}",
            alarm_description=f"{meaning} {RUNBOOK}#{name}",
            metric=metric,
            threshold=threshold,
            comparison_operator=comparison,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
