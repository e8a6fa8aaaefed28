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


def rules_ratio(*, stage: str, period: cdk.Duration) -> cloudwatch.MathExpression:
    """Classifications decided by the keyword rules, as a percentage; 0 while there are none."""
    return _percentage(
        "classifications_fallback_total",
        "classifications_ai_total",
        stage=stage,
        period=period,
        label="decided by rules %",
    )


def count_or_zero(name: str, *, stage: str, label: str, period: cdk.Duration = MINUTE) -> cloudwatch.MathExpression:
    """A counter whose silence is shown as 0, not as a want of data."""
    return cloudwatch.MathExpression(
        expression=f"FILL({name}, 0)",
        using_metrics={name: job_metric(name, stage=stage, statistic="Sum", period=period)},
        label=label,
        period=period,
    )


def cold_start_metric(function: str, *, stage: str) -> cloudwatch.Metric:
    """How many execution environments of a function have begun to serve."""
    return counted_by_function("cold_starts_total", function, stage=stage)


def counted_by_function(name: str, function: str, *, stage: str) -> cloudwatch.Metric:
    """A counter that each function of a stage has for itself."""
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"service": "smartqueue", "stage": stage, "function": function},
        statistic="Sum",
        period=MINUTE,
        label=function,
    )


def _percentage(part: str, rest: str, *, stage: str, period: cdk.Duration, label: str) -> cloudwatch.MathExpression:
    # A counter that nothing was added to has no data points: without FILL the sum would have none either.
    # One graph may show the same counters by the minute as well, and there an id means one metric only.
    ids = {name: f"{name}_in_{period.to_seconds():.0f}_seconds" for name in (part, rest)}
    whole = f"(FILL({ids[part]}, 0) + FILL({ids[rest]}, 0))"
    return cloudwatch.MathExpression(
        expression=f"IF({whole} > 0, 100 * FILL({ids[part]}, 0) / {whole}, 0)",
        using_metrics={
            ids[name]: job_metric(name, stage=stage, statistic="Sum", period=period) for name in (part, rest)
        },
        label=label,
        period=period,
    )
