"""Alarms on functions: they break, they are held back, or they soon will be."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.alarms_watch import FIVE_MINUTES, MINUTE, NO_NEWS_IS_BAD, NO_NEWS_IS_GOOD, Watch
from infra.cdk.components.metrics import function_metric
from infra.cdk.settings import StageSettings

ANSWERING = ("auth", "authorizer", "submit", "query", "replay")
"""Functions that a caller waits for."""
HELD_BACK_PER_MINUTE = 5
NEAR_RESERVE_PERCENT = 80
"""The rest is what a burst needs until somebody has read the alarm."""

WITHOUT_DEPLOYMENT = {
    "submit": "The function that accepts jobs ends with errors, so jobs may not be accepted.",
    "process": "The processor fails as a whole, so its batches are delivered again and again.",
    "classify": "The classifier fails as a whole, so tickets wait and its batches are delivered again and again.",
    "relay": "The relay ends with errors, so retries, rescues and gauges may stand still.",
}


def function_watches(stage: StageSettings) -> Iterator[Watch]:
    """The alarms on functions; where new code is rolled out by CodeDeploy, those on errors stand beside it instead."""
    if stage.deployment is None:
        yield from _about_errors(stage)
    yield Watch(
        name="functions-throttled",
        meaning="Calls of functions are turned away for want of concurrency.",
        metric=cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({name}, 0)" for name in (*ANSWERING, "process", "classify")),
            # Not the relay: a second one at a time is meant to be turned away.
            using_metrics={
                name: _function(stage, "Throttles", name, "Sum") for name in (*ANSWERING, "process", "classify")
            },
            label="throttled calls",
            period=MINUTE,
        ),
        threshold=HELD_BACK_PER_MINUTE,
        periods=5,
        datapoints=3,
        missing=NO_NEWS_IS_GOOD,
    )
    reserves = {name: stage.function(name).reserved_concurrency for name in ANSWERING}
    if bounded := {name: reserve for name, reserve in reserves.items() if reserve}:
        shares = ", ".join(f"100 * FILL({name}, 0) / {reserve}" for name, reserve in bounded.items())
        yield Watch(
            name="concurrency-near-reserve",
            meaning="A function that callers wait for runs almost as often at once as it may.",
            metric=cloudwatch.MathExpression(
                expression=f"MAX([{shares}])",
                using_metrics={name: _function(stage, "ConcurrentExecutions", name, "Maximum") for name in bounded},
                label="concurrency, in percent of the reserve",
                period=MINUTE,
            ),
            threshold=NEAR_RESERVE_PERCENT,
            periods=5,
            missing=NO_NEWS_IS_GOOD,
        )
    if stage.prometheus:
        yield Watch(
            name="metrics-export-failing",
            meaning="Nothing has been written to Prometheus for a quarter of an hour.",
            metric=cloudwatch.MathExpression(
                expression="FILL(begun, 0) - FILL(failed, 0)",
                using_metrics={
                    "begun": _function(stage, "Invocations", "export", "Sum"),
                    "failed": _function(stage, "Errors", "export", "Sum"),
                },
                label="successful exports",
                period=FIVE_MINUTES,
            ),
            threshold=1,
            comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            periods=3,
            missing=NO_NEWS_IS_BAD,
        )


def _about_errors(stage: StageSettings) -> Iterator[Watch]:
    for name, meaning in WITHOUT_DEPLOYMENT.items():
        yield Watch(
            name=f"{name}-errors",
            section="function-errors",
            meaning=meaning,
            metric=_function(stage, "Errors", name, "Sum"),
            threshold=0,
            periods=3,
            missing=NO_NEWS_IS_GOOD,
        )


def _function(stage: StageSettings, metric: str, name: str, statistic: str) -> cloudwatch.Metric:
    return function_metric(metric, function_name=f"smartqueue-{stage.name}-{name}", statistic=statistic)
