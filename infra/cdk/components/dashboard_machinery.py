"""The detail about what the jobs run on: API, functions, and the data services that a stage has of its own."""

from collections.abc import Iterator, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.data_metrics import (
    broker_metrics,
    cache_metrics,
    cluster_metric,
    database_metric,
    firewall_metric,
)
from infra.cdk.components.metrics import api_metric, cold_start_metric, function_metric
from infra.cdk.components.widgets import graph, log_graph
from infra.cdk.settings import CacheSettings, StageSettings

WIDTH = 8
NARROW = 6

type Rows = Iterator[list[cloudwatch.IWidget]]


def machinery_rows(stage: StageSettings, functions: Sequence[str]) -> Rows:
    """The widgets, row by row."""
    yield from _api(stage)
    yield from _functions(stage.name, functions)
    if stage.database:
        yield from _database(stage.name)
    if stage.kafka:
        yield from _kafka(stage.name)
    if stage.cache:
        yield from _cache(stage.name, stage.cache)


def _api(stage: StageSettings) -> Rows:
    name = f"smartqueue-{stage.name}"
    row = [
        graph(
            "API latency, ms",
            [api_metric("Latency", api_name=name, statistic=one, label=one) for one in ("p50", "p95", "p99")],
            width=WIDTH,
        ),
        graph(
            "API requests and errors",
            [api_metric("Count", api_name=name, statistic="Sum", label="requests")],
            right=[
                api_metric("4XXError", api_name=name, statistic="Sum", label="4xx"),
                api_metric("5XXError", api_name=name, statistic="Sum", label="5xx"),
            ],
            width=WIDTH,
        ),
    ]
    if stage.api.firewall:
        blocked, allowed = (
            firewall_metric(metric, stage=stage.name, region=stage.region, label=label)
            for metric, label in (("BlockedRequests", "blocked"), ("AllowedRequests", "allowed"))
        )
        row.append(graph("WAF", [blocked], right=[allowed], width=WIDTH))
    yield row


def _functions(stage: str, functions: Sequence[str]) -> Rows:
    def each(title: str, metric: str, statistic: str) -> cloudwatch.IWidget:
        metrics = [
            function_metric(metric, function_name=f"smartqueue-{stage}-{function}", statistic=statistic, label=function)
            for function in functions
        ]
        return graph(title, metrics, width=WIDTH)

    yield [
        each("Function errors", "Errors", "Sum"),
        each("Function duration p95, ms", "Duration", "p95"),
        each("Function invocations", "Invocations", "Sum"),
    ]
    yield [
        graph("Cold starts", [cold_start_metric(function, stage=stage) for function in functions], width=WIDTH),
        each("Function throttles", "Throttles", "Sum"),
        each("Function concurrency", "ConcurrentExecutions", "Maximum"),
    ]


def _database(stage: str) -> Rows:
    def about(name: str, statistic: str, label: str) -> cloudwatch.Metric:
        return database_metric(name, stage=stage, statistic=statistic, label=label)

    yield [
        graph(
            "Database CPU and connections",
            [about("CPUUtilization", "Average", "CPU %")],
            right=[about("DatabaseConnections", "Maximum", "connections")],
            width=NARROW,
        ),
        graph(
            "Database storage and memory left, bytes",
            [about("FreeStorageSpace", "Minimum", "storage")],
            right=[about("FreeableMemory", "Minimum", "memory")],
            width=NARROW,
        ),
        graph(
            "Database latency and load",
            [about("ReadLatency", "Average", "read, seconds"), about("WriteLatency", "Average", "write, seconds")],
            right=[about("DBLoad", "Average", "active sessions")],
            width=NARROW,
        ),
        # RDS has a metric for them for Aurora alone.
        log_graph(
            "Database deadlocks",
            ['filter @message like "deadlock detected"', "stats count(*) as deadlocks by bin(5m)"],
            log_group=f"/aws/rds/instance/smartqueue-{stage}/postgresql",
            width=NARROW,
        ),
    ]


def _kafka(stage: str) -> Rows:
    def each(title: str, name: str, statistic: str) -> cloudwatch.IWidget:
        return graph(title, broker_metrics(name, stage=stage, statistic=statistic), width=WIDTH)

    yield [
        graph(
            "Kafka CPU %, user and system",
            [
                cloudwatch.MathExpression(
                    expression=f"user{number} + system{number}",
                    using_metrics={f"user{number}": user, f"system{number}": system},
                    label=f"broker {number}",
                    period=user.period,
                )
                for number, (user, system) in enumerate(
                    zip(
                        broker_metrics("CpuUser", stage=stage, statistic="Average"),
                        broker_metrics("CpuSystem", stage=stage, statistic="Average"),
                        strict=True,
                    ),
                    start=1,
                )
            ],
            width=WIDTH,
        ),
        each("Kafka disk used, %", "KafkaDataLogsDiskUsed", "Maximum"),
        each("Kafka too many IAM connections", "IAMTooManyConnections", "Sum"),
    ]
    yield [
        each("Kafka partitions under min ISR", "UnderMinIsrPartitionCount", "Maximum"),
        graph(
            "Kafka partitions without a leader",
            [cluster_metric("OfflinePartitionsCount", stage=stage, statistic="Maximum", label="offline")],
            width=WIDTH,
        ),
        each("Kafka throttled packets", "TrafficShaping", "Sum"),
    ]


def _cache(stage: str, settings: CacheSettings) -> Rows:
    nodes = settings.replicas + 1

    def each(name: str, statistic: str) -> Sequence[cloudwatch.Metric]:
        return cache_metrics(name, stage=stage, nodes=nodes, statistic=statistic)

    yield [
        graph(
            "Valkey CPU and memory, %",
            [metric.with_(label=f"engine CPU, {metric.label}") for metric in each("EngineCPUUtilization", "Average")],
            right=[
                metric.with_(label=f"memory, {metric.label}")
                for metric in each("DatabaseMemoryUsagePercentage", "Maximum")
            ],
            width=WIDTH,
        ),
        graph(
            "Valkey connections and evictions",
            each("CurrConnections", "Maximum"),
            right=[metric.with_(label=f"evictions, {metric.label}") for metric in each("Evictions", "Sum")],
            width=WIDTH,
        ),
        *(
            [graph("Valkey replication lag, seconds", each("ReplicationLag", "Maximum"), width=WIDTH)]
            if settings.replicas
            else []
        ),
    ]
