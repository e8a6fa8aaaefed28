"""The first screen for whoever is on call: are jobs flowing, are they failing, and where does it hurt."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from infra.cdk.components.metrics import (
    api_metric,
    cache_hit_ratio,
    failure_ratio,
    function_metric,
    job_metric,
)

FIVE_MINUTES = cdk.Duration.minutes(5)
WIDTH = 8


class Dashboard(Construct):
    """A CloudWatch dashboard, in rows from the jobs down to the machinery."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        dashboard_name: str,
        stage: str,
        function_names: Sequence[str],
        api_name: str,
    ) -> None:
        super().__init__(scope, construct_id)
        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=dashboard_name,
            default_interval=cdk.Duration.hours(3),
            period_override=cloudwatch.PeriodOverride.INHERIT,
            widgets=[_jobs(stage), _queues(stage), _functions(function_names), _api(api_name)],
        )


def _graph(title: str, *left: cloudwatch.IMetric, right: Sequence[cloudwatch.IMetric] = ()) -> cloudwatch.IWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(left),
        right=list(right),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=WIDTH,
    )


def _jobs(stage: str) -> list[cloudwatch.IWidget]:
    duration = "job_processing_duration_seconds"
    return [
        _graph(
            "Jobs per minute",
            job_metric("jobs_created_total", stage=stage, statistic="Sum", label="created"),
            job_metric("jobs_completed_total", stage=stage, statistic="Sum", label="completed"),
            job_metric("jobs_failed_total", stage=stage, statistic="Sum", label="failed"),
            job_metric("jobs_retried_total", stage=stage, statistic="Sum", label="retried"),
        ),
        _graph(
            "Seconds to process a job",
            job_metric(duration, stage=stage, statistic="p50", label="p50"),
            job_metric(duration, stage=stage, statistic="p95", label="p95"),
            job_metric(duration, stage=stage, statistic="p99", label="p99"),
        ),
        _graph("Jobs that failed, in percent", failure_ratio(stage=stage, period=FIVE_MINUTES)),
    ]


def _queues(stage: str) -> list[cloudwatch.IWidget]:
    return [
        _graph(
            "Work that waits",
            job_metric("active_jobs_count", stage=stage, statistic="Maximum", label="active jobs"),
            job_metric("outbox_backlog", stage=stage, statistic="Maximum", label="unpublished events"),
            right=[
                job_metric(
                    "oldest_pending_job_age_seconds", stage=stage, statistic="Maximum", label="oldest pending job (s)"
                )
            ],
        ),
        _graph(
            "Dead letters",
            job_metric("dlq_size", stage=stage, statistic="Maximum", label="waiting"),
            right=[
                job_metric("jobs_sent_to_dlq_total", stage=stage, statistic="Sum", label="arrived"),
                job_metric("jobs_replayed_total", stage=stage, statistic="Sum", label="replayed"),
                job_metric("poison_records_total", stage=stage, statistic="Sum", label="unreadable records"),
            ],
        ),
        _graph("Classifications answered by the cache, in percent", cache_hit_ratio(stage=stage, period=FIVE_MINUTES)),
    ]


def _functions(names: Sequence[str]) -> list[cloudwatch.IWidget]:
    def each(metric: str, statistic: str) -> list[cloudwatch.IMetric]:
        return [function_metric(metric, function_name=name, statistic=statistic, label=name) for name in names]

    return [
        _graph("Function errors", *each("Errors", "Sum")),
        _graph("Function duration, p95 (ms)", *each("Duration", "p95")),
        _graph("Function throttles", *each("Throttles", "Sum")),
    ]


def _api(name: str) -> list[cloudwatch.IWidget]:
    return [
        _graph("API requests", api_metric("Count", api_name=name, statistic="Sum")),
        _graph(
            "API errors",
            api_metric("4XXError", api_name=name, statistic="Sum", label="4xx"),
            api_metric("5XXError", api_name=name, statistic="Sum", label="5xx"),
        ),
        _graph(
            "API latency (ms)",
            api_metric("Latency", api_name=name, statistic="p50", label="p50"),
            api_metric("Latency", api_name=name, statistic="p95", label="p95"),
            api_metric("Latency", api_name=name, statistic="p99", label="p99"),
        ),
    ]
