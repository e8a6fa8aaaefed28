"""The metrics that dashboards and alarms read, by name. `stage` is the stage's name."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE = "SmartTaskQueue"
MINUTE = cdk.Duration.minutes(1)


def job_metric(
    name: str, *, stage: str, statistic: str, period: cdk.Duration = MINUTE, label: str | None = None
) -> cloudwatch.Metric:
    """A metric that the functions of a stage emit."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": "smartqueue", "stage": stage},
        statistic=statistic,
        period=period,
        label=label,
    )


def function_metric(
    name: str, *, function_name: str, statistic: str, period: cdk.Duration = MINUTE, label: str | None = None
) -> cloudwatch.Metric:
    """A metric that Lambda keeps about one function."""
    return cloudwatch.Metric(
        namespace="AWS/Lambda",
        metric_name=name,
        dimensions_map={"FunctionName": function_name},
        statistic=statistic,
        period=period,
        label=label,
    )


def api_metric(
    name: str, *, api_name: str, statistic: str, period: cdk.Duration = MINUTE, label: str | None = None
) -> cloudwatch.Metric:
    """A metric that API Gateway keeps about the API."""
    return cloudwatch.Metric(
        namespace="AWS/ApiGateway",
        metric_name=name,
        dimensions_map={"ApiName": api_name},
        statistic=statistic,
        period=period,
        label=label,
    )


def failure_ratio(*, stage: str, period: cdk.Duration) -> cloudwatch.MathExpression:
    """Failed jobs, as a percentage of all that ended; 0 while none end."""
    return _percentage("jobs_failed_total", "jobs_completed_total", stage=stage, period=period, label="failed %")


def cache_hit_ratio(*, stage: str, period: cdk.Duration) -> cloudwatch.MathExpression:
    """Classifications answered by the cache, as a percentage; 0 while there are none."""
    return _percentage(
        "classification_cache_hits_total",
        "classification_cache_misses_total",
        stage=stage,
        period=period,
        label="cache hits %",
    )


def _percentage(part: str, rest: str, *, stage: str, period: cdk.Duration, label: str) -> cloudwatch.MathExpression:
    # A counter that nothing was added to has no data points: without FILL the sum would have none either.
    return cloudwatch.MathExpression(
        expression="IF(FILL(part, 0) + FILL(rest, 0) > 0, 100 * FILL(part, 0) / (FILL(part, 0) + FILL(rest, 0)), 0)",
        using_metrics={
            "part": job_metric(part, stage=stage, statistic="Sum", period=period),
            "rest": job_metric(rest, stage=stage, statistic="Sum", period=period),
        },
        label=label,
        period=period,
    )
