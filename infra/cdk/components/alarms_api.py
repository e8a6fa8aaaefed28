"""Alarms on what callers see: refusals that are our fault, and slow answers."""

from collections.abc import Iterator

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.alarms_watch import MINUTE, NO_NEWS_IS_GOOD, Watch
from infra.cdk.components.metrics import api_metric
from infra.cdk.components.rest_api import STAGE_NAME
from infra.cdk.settings import StageSettings

SERVER_ERRORS_PER_MINUTE = 5
"""A client's own retry hides a handful; beyond it people notice."""
SUBMIT_ERROR_PERCENT = 1
"""One of one at night, five a second at the full rate: the smallest share that is not chance."""
SUBMIT_MILLISECONDS = 3000
"""A cold start without a snapshot takes half of it; the function is cut off at five times as much."""


def api_watches(stage: StageSettings) -> Iterator[Watch]:
    """The alarms on the API."""
    name = f"smartqueue-{stage.name}"
    yield Watch(
        name="api-server-errors",
        meaning="Callers get 5xx answers.",
        metric=api_metric("5XXError", api_name=name, statistic="Sum"),
        threshold=SERVER_ERRORS_PER_MINUTE,
        periods=5,
        datapoints=3,
        missing=NO_NEWS_IS_GOOD,
    )
    yield Watch(
        name="submit-server-errors",
        meaning="Some POST /jobs get 5xx answers, so jobs are not accepted.",
        metric=cloudwatch.MathExpression(
            expression="IF(FILL(requests, 0) > 0, 100 * FILL(errors, 0) / requests, 0)",
            using_metrics={
                "errors": _submit_metric("5XXError", name, "Sum"),
                "requests": _submit_metric("Count", name, "Sum"),
            },
            label="POST /jobs answered 5xx, in percent",
            period=MINUTE,
        ),
        threshold=SUBMIT_ERROR_PERCENT,
        periods=5,
        datapoints=3,
        missing=NO_NEWS_IS_GOOD,
    )
    yield Watch(
        name="submit-latency",
        meaning="POST /jobs is slow: one of twenty waits for more than three seconds.",
        metric=_submit_metric("Latency", name, "p95"),
        threshold=SUBMIT_MILLISECONDS,
        periods=5,
        missing=NO_NEWS_IS_GOOD,
    )


def _submit_metric(metric: str, api_name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=metric,
        dimensions_map={"ApiName": api_name, "Resource": "/jobs", "Method": "POST", "Stage": STAGE_NAME},
        statistic=statistic,
        period=MINUTE,
    )
