"""Alarms on jobs: they wait, they fail, or their events do not move."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.alarms_watch import (
    FIVE_MINUTES,
    MINUTE,
    NO_NEWS_IS_BAD,
    NO_NEWS_IS_GOOD,
    NO_NEWS_IS_NO_NEWS,
    Watch,
)
from infra.cdk.components.data_metrics import BULK, lag_metric, undelivered_metric
from infra.cdk.components.metrics import function_metric, job_metric
from infra.cdk.settings import StageSettings

FAILED_PERCENT = 10
FEWEST_FAILED = 5
"""A ratio of two jobs says nothing; dlq-growing tells of the single ones."""
WAITING_SECONDS = 300
"""Retries and classification take seconds; nobody promised more than minutes."""
UNPUBLISHED_MESSAGES = 1000
"""Two of the relay's passes, each of which takes a fraction of a second."""
LAGGING_EVENTS = 1000
"""Ten full batches: what one poller works off in seconds."""
UNDECIDED_PERCENT = 50
FEWEST_UNDECIDED = 10

CONSUMERS = {"job-processor": "process", "job-classifier": "classify"}
"""The function behind each consumer group."""


def job_watches(stage: StageSettings) -> Iterator[Watch]:
    """The alarms on jobs, their events and their dead letters."""
    yield from _about_failures(stage)
    yield from _about_waiting(stage)
    for group, function in CONSUMERS.items():
        yield from _about_a_consumer(stage, group, function)


def _about_failures(stage: StageSettings) -> Iterator[Watch]:
    yield Watch(
        name="job-failure-ratio",
        meaning="More than a tenth of the jobs that end have failed.",
        metric=cloudwatch.MathExpression(
            expression=f"IF(FILL(failed, 0) >= {FEWEST_FAILED}, 100 * failed / (failed + FILL(completed, 0)), 0)",
            using_metrics={
                "failed": job_metric("jobs_failed_total", stage=stage.name, statistic="Sum", period=FIVE_MINUTES),
                "completed": job_metric("jobs_completed_total", stage=stage.name, statistic="Sum", period=FIVE_MINUTES),
            },
            label="failed jobs, in percent",
            period=FIVE_MINUTES,
        ),
        threshold=FAILED_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_GOOD,
    )
    yield Watch(
        name="dlq-growing",
        meaning="Jobs fail for good, one five minutes after the other.",
        metric=job_metric("jobs_sent_to_dlq_total", stage=stage.name, statistic="Sum", period=FIVE_MINUTES),
        threshold=0,
        periods=3,
        missing=NO_NEWS_IS_GOOD,
    )
    if stage.triggers and stage.triggers.provisioned:
        yield Watch(
            name="undelivered-batches",
            meaning="A batch of events was given up after its last delivery.",
            metric=undelivered_metric("ApproximateNumberOfMessagesVisible", stage=stage.name, statistic="Maximum"),
            threshold=0,
            periods=1,
            missing=NO_NEWS_IS_GOOD,
        )
    yield Watch(
        name="model-away",
        meaning="The AI model does not decide most tickets that it is asked about; the keyword rules do.",
        metric=cloudwatch.MathExpression(
            expression=f"IF(FILL(failed, 0) >= {FEWEST_UNDECIDED}, 100 * failed / (FILL(ai, 0) + FILL(rules, 0)), 0)",
            using_metrics={
                "failed": job_metric("classifications_model_failed_total", stage=stage.name, statistic="Sum"),
                "ai": job_metric("classifications_ai_total", stage=stage.name, statistic="Sum"),
                "rules": job_metric("classifications_fallback_total", stage=stage.name, statistic="Sum"),
            },
            label="tickets without the model's answer, in percent",
            period=FIVE_MINUTES,
        ),
        threshold=UNDECIDED_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_GOOD,
    )


def _about_waiting(stage: StageSettings) -> Iterator[Watch]:
    yield Watch(
        name="oldest-pending-job",
        meaning="A job has waited for minutes; work arrives faster than it is done, or it is not done at all.",
        metric=job_metric("oldest_pending_job_age_seconds", stage=stage.name, statistic="Maximum"),
        threshold=WAITING_SECONDS,
        periods=5,
        missing=NO_NEWS_IS_NO_NEWS,
    )
    yield Watch(
        name="outbox-backlog",
        meaning="Events wait to be published; the broker or the relay is in trouble.",
        metric=job_metric("outbox_backlog", stage=stage.name, statistic="Maximum"),
        threshold=UNPUBLISHED_MESSAGES,
        periods=5,
        missing=NO_NEWS_IS_NO_NEWS,
    )
    yield Watch(
        name="relay-not-running",
        meaning="No relay has started for minutes, so retries and rescues stand still.",
        metric=_function_sum("Invocations", stage, "relay"),
        threshold=1,
        comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        periods=5,
        missing=NO_NEWS_IS_BAD,
    )


def _about_a_consumer(stage: StageSettings, group: str, function: str) -> Iterator[Watch]:
    who = group.removeprefix("job-")
    lags = {
        "lag": lag_metric(group, stage=stage.name, statistic="Minimum"),
        "bulk": lag_metric(f"{group}{BULK}", stage=stage.name, statistic="Minimum"),
    }
    yield Watch(
        name=f"consumer-lag-{who}",
        section="consumer-lag",
        meaning=f"The group {group} is far behind and does not catch up.",
        # The least of five minutes: a burst that is worked off meanwhile is no lag. A lag that falls needs nobody.
        metric=cloudwatch.MathExpression(
            expression=f"IF(lag + bulk > {LAGGING_EVENTS} AND DIFF(lag + bulk) >= 0, 1, 0)",
            using_metrics=lags,
            label=f"{group} is behind and does not catch up",
            period=FIVE_MINUTES,
        ),
        threshold=0,
        periods=4,
        datapoints=3,
        missing=NO_NEWS_IS_GOOD,
    )
    yield Watch(
        name=f"consumer-stalled-{who}",
        section="consumer-stalled",
        meaning=f"Events wait for {group}, and {function} has finished no batch for minutes.",
        metric=cloudwatch.MathExpression(
            expression="IF(FILL(lag, 0) + FILL(bulk, 0) > 0 AND FILL(begun, 0) - FILL(failed, 0) <= 0, 1, 0)",
            using_metrics={
                **lags,
                "begun": _function_sum("Invocations", stage, function),
                "failed": _function_sum("Errors", stage, function),
            },
            label=f"{group} stands still",
            period=MINUTE,
        ),
        threshold=0,
        # One in six may be wrong: the newest minute can hold one metric and not yet the other.
        periods=6,
        datapoints=5,
        missing=NO_NEWS_IS_GOOD,
    )


def _function_sum(metric: str, stage: StageSettings, function: str) -> cloudwatch.Metric:
    return function_metric(metric, function_name=f"smartqueue-{stage.name}-{function}", statistic="Sum")
