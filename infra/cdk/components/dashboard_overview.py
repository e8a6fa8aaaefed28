"""The first screen for whoever is on call: is it healthy, and if not, where?

One column for each station of a job's road, in two bands from the API to the dead letters: numbers of now above,
their course below.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.data_metrics import CONSUMER_GROUPS, cache_metrics, database_metric, lag_metric
from infra.cdk.components.metrics import (
    api_metric,
    count_or_zero,
    failure_ratio,
    function_metric,
    job_metric,
    rules_ratio,
)
from infra.cdk.components.widgets import COLUMNS, graph, numbers
from infra.cdk.settings import StageSettings

FIVE_MINUTES = cdk.Duration.minutes(5)


@dataclass(frozen=True, kw_only=True)
class Station:
    """One column."""

    title: str
    now: Sequence[cloudwatch.IMetric]
    course: Sequence[cloudwatch.IMetric]
    second_course: Sequence[cloudwatch.IMetric] = field(default=())
    """On a scale of its own."""


def overview_rows(stage: StageSettings) -> Iterator[list[cloudwatch.IWidget]]:
    """The widgets, row by row."""
    road = [
        *_into_the_queue(stage.name),
        _processor(stage.name),
        _classifier(stage.name),
        _waiting(stage.name),
        *_data_services(stage),
    ]
    half = (len(road) + 1) // 2
    for band in (road[:half], road[half:]):
        width = COLUMNS // len(band)
        yield [numbers(station.title, station.now, width=width) for station in band]
        yield [graph(station.title, station.course, right=station.second_course, width=width) for station in band]


def _into_the_queue(stage: str) -> Iterator[Station]:
    name = f"smartqueue-{stage}"
    requests = api_metric("Count", api_name=name, statistic="Sum", label="requests")
    server_errors = api_metric("5XXError", api_name=name, statistic="Sum", label="5xx")
    yield Station(
        title="API",
        now=[requests, server_errors, api_metric("Latency", api_name=name, statistic="p95", label="p95 ms")],
        course=[requests],
        second_course=[server_errors, api_metric("4XXError", api_name=name, statistic="Sum", label="4xx")],
    )
    accepted = count_or_zero("jobs_created_total", stage=stage, label="accepted")
    errors = _function("Errors", stage, "submit", "errors of submit")
    yield Station(title="Accept", now=[accepted, errors], course=[accepted], second_course=[errors])
    backlog = job_metric("outbox_backlog", stage=stage, statistic="Maximum", label="unpublished events")
    runs = _function("Invocations", stage, "relay", "runs of the relay")
    yield Station(
        title="Outbox",
        now=[backlog, runs],
        course=[backlog],
        second_course=[runs, _function("Errors", stage, "relay", "errors of the relay")],
    )
    lags = [lag_metric(group, stage=stage) for group in CONSUMER_GROUPS]
    yield Station(title="Kafka: records behind", now=lags, course=lags)


def _processor(stage: str) -> Station:
    seconds = job_metric("job_processing_duration_seconds", stage=stage, statistic="p95", label="p95 seconds")
    return Station(
        title="Processor",
        now=[
            failure_ratio(stage=stage, period=FIVE_MINUTES),
            seconds,
            _function("Errors", stage, "process", "errors"),
        ],
        course=[
            count_or_zero("jobs_completed_total", stage=stage, label="completed"),
            count_or_zero("jobs_failed_total", stage=stage, label="failed"),
            count_or_zero("jobs_retried_total", stage=stage, label="retried"),
        ],
        second_course=[seconds],
    )


def _classifier(stage: str) -> Station:
    errors = _function("Errors", stage, "classify", "errors")
    return Station(
        title="Classifier",
        now=[rules_ratio(stage=stage, period=FIVE_MINUTES), errors],
        course=[
            count_or_zero("classifications_ai_total", stage=stage, label="by the model"),
            count_or_zero("classifications_fallback_total", stage=stage, label="by rules"),
        ],
        second_course=[errors],
    )


def _waiting(stage: str) -> Station:
    age = job_metric("oldest_pending_job_age_seconds", stage=stage, statistic="Maximum", label="oldest job, seconds")
    dead = job_metric("dlq_size", stage=stage, statistic="Maximum", label="dead letters")
    return Station(title="Queue age and dead letters", now=[age, dead], course=[age], second_course=[dead])


def _data_services(stage: StageSettings) -> Iterator[Station]:
    if stage.database is None:
        return
    cpu = database_metric("CPUUtilization", stage=stage.name, statistic="Average", label="database CPU %")
    connections = database_metric("DatabaseConnections", stage=stage.name, statistic="Maximum", label="connections")
    memory = cache_metrics("DatabaseMemoryUsagePercentage", stage=stage.name, nodes=1, statistic="Maximum")
    yield Station(
        title="Database and cache",
        now=[cpu, connections],
        course=[cpu, *(metric.with_(label="cache memory %") for metric in memory if stage.cache)],
        second_course=[connections],
    )


def _function(metric: str, stage: str, function: str, label: str) -> cloudwatch.Metric:
    return function_metric(metric, function_name=f"smartqueue-{stage}-{function}", statistic="Sum", label=label)
