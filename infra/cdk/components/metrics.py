"""The metrics that dashboards and alarms read, by name."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

NAMESPACE = "SmartTaskQueue"
MINUTE = cdk.Duration.minutes(1)


def job_metric(
    name: str, *, statistic: str, period: cdk.Duration = MINUTE, label: str | None = None
) -> cloudwatch.Metric:
    """A metric that the functions emit."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": "smartqueue"},
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


def failure_ratio(*, period: cdk.Duration) -> cloudwatch.MathExpression:
    """Failed jobs, as a percentage of all that ended; 0 while none end."""
    return cloudwatch.MathExpression(
        expression="IF(failed + completed > 0, 100 * failed / (failed + completed), 0)",
        using_metrics={
            "failed": job_metric("jobs_failed_total", statistic="Sum", period=period),
            "completed": job_metric("jobs_completed_total", statistic="Sum", period=period),
        },
        label="failed %",
        period=period,
    )


def cache_hit_ratio(*, period: cdk.Duration) -> cloudwatch.MathExpression:
    """Classifications answered by the cache, as a percentage; 0 while there are none."""
    return cloudwatch.MathExpression(
        expression="IF(hits + misses > 0, 100 * hits / (hits + misses), 0)",
        using_metrics={
            "hits": job_metric("classification_cache_hits_total", statistic="Sum", period=period),
            "misses": job_metric("classification_cache_misses_total", statistic="Sum", period=period),
        },
        label="cache hits %",
        period=period,
    )
