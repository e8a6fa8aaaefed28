"""The boards: one screen that tells whether and where it hurts, and the detail behind it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from infra.cdk.components.alarms_composite import COMPOSITES
from infra.cdk.components.metrics import NAMESPACE
from smartqueue.cold_starts import COLD_STARTS
from smartqueue.metrics import DURATION, Counter, Gauge
from tests.infra.assembly import Assembly

SCREEN_ROWS = 20
"""What a full screen of 1080 lines shows without scrolling, at CloudWatch's 50 lines for a row."""
ORIGINALS = {
    "Jobs created/min",
    "Jobs failed/min",
    "Processing latency p95 and p50",
    "Failure rate %",
    "Active jobs",
    "DLQ size",
    "Jobs completed total",
    "Cache hit rate %",
    "Retries/min",
}
ADDED = {
    "Queue age",
    "Consumer lag",
    "Outbox backlog",
    "Attempts/min",
    "Leases expired and jobs rescued",
    "DLQ inflow/min",
    "DLQ age",
    "Unaccounted jobs",
    "Audit problems",
    "Seals/day",
    "Removed after their time",
    "Classification source",
    "Model cost, dollars/hour",
    "Cold starts",
    "Function throttles",
}
OF_THE_DATA = {
    *("Database CPU and connections", "Database deadlocks", "Valkey CPU and memory, %", "WAF", "Undelivered queue"),
}
AWS_METRICS = {
    "AWS/ApiGateway": {"Count", "4XXError", "5XXError", "Latency"},
    "AWS/Lambda": {"Invocations", "Errors", "Duration", "Throttles", "ConcurrentExecutions"},
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"},
    "AWS/WAFV2": {"BlockedRequests", "AllowedRequests"},
    "AWS/RDS": {
        *("CPUUtilization", "DatabaseConnections", "FreeStorageSpace", "FreeableMemory"),
        *("ReadLatency", "WriteLatency", "DBLoad"),
    },
    "AWS/Kafka": {
        *("SumOffsetLag", "EstimatedMaxTimeLag", "OfflinePartitionsCount", "UnderMinIsrPartitionCount"),
        *("CpuUser", "CpuSystem", "KafkaDataLogsDiskUsed", "TrafficShaping", "IAMTooManyConnections"),
    },
    "AWS/ElastiCache": {
        *("EngineCPUUtilization", "DatabaseMemoryUsagePercentage", "CurrConnections", "Evictions", "ReplicationLag"),
    },
}
OURS = {*Counter, *Gauge, DURATION, COLD_STARTS}


def test_the_first_board_fits_on_one_screen(prod: Assembly, local: Assembly) -> None:
    for assembly in (prod, local):
        widgets = _widgets(assembly, f"smartqueue-{assembly.stage}")
        assert max(widget["y"] + widget["height"] for widget in widgets) <= SCREEN_ROWS
        assert max(widget["x"] + widget["width"] for widget in widgets) <= 24


def test_the_first_board_begins_with_what_rings(prod: Assembly) -> None:
    status = _widgets(prod, "smartqueue-prod")[0]
    shown = json.dumps(status["properties"]["alarms"])
    assert (status["type"], status["y"]) == ("alarm", 0)
    assert all(f"smartqueue-prod-{composite.name}" in shown for composite in COMPOSITES if composite.rings)


def test_the_second_board_has_the_originals_nine_panels_and_what_they_lacked(prod: Assembly, local: Assembly) -> None:
    assert _titles(local, "smartqueue-local-detail") >= ORIGINALS | ADDED
    assert _titles(prod, "smartqueue-prod-detail") >= ORIGINALS | ADDED | OF_THE_DATA


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_every_metric_on_a_board_exists(stage: str, request: pytest.FixtureRequest) -> None:
    assembly = request.getfixturevalue(stage)
    drawn = {
        (metric[0], metric[1])
        for board in (f"smartqueue-{stage}", f"smartqueue-{stage}-detail")
        for widget in _widgets(assembly, board)
        for metric in widget["properties"].get("metrics", ())
        if isinstance(metric[0], str)
    }
    known = {(namespace, name) for namespace, names in AWS_METRICS.items() for name in names}
    assert {metric for metric in drawn if metric[0] == NAMESPACE} <= {(NAMESPACE, name) for name in OURS}
    assert {metric for metric in drawn if metric[0] != NAMESPACE} <= known
    assert len(drawn) > 30


def test_a_stage_without_data_services_of_its_own_shows_none(local: Assembly) -> None:
    drawn = json.dumps(_widgets(local, "smartqueue-local-detail"))
    assert "AWS/RDS" not in drawn
    assert "AWS/ElastiCache" not in drawn


def test_whatever_is_watched_by_name_has_that_name_in_its_stack(stage: Assembly) -> None:
    given = _given_names(stage)
    watched = {(name, value) for name, value in _watched_names(stage) if name in given}
    assert {name for name, _ in watched} == given.keys() - ({"QueueName"} if stage.stage == "dev" else set())
    assert {(name, value) for name, value in watched if value not in given[name]} == set()


def test_the_log_that_deadlocks_are_counted_in_is_kept(stage: Assembly) -> None:
    (query,) = (
        widget["properties"]["query"]
        for widget in _widgets(stage, f"smartqueue-{stage.stage}-detail")
        if widget["type"] == "log"
    )
    asked = set(re.findall(r"SOURCE '([^']+)'", query))
    kept = {group["Properties"]["LogGroupName"] for group in stage.resources("Data", "AWS::Logs::LogGroup").values()}
    (server,) = stage.resources("Data", "AWS::RDS::DBInstance").values()
    assert asked <= kept
    assert "postgresql" in server["Properties"]["EnableCloudwatchLogsExports"]


def _given_names(assembly: Assembly) -> dict[str, set[str]]:
    """The values that a metric's dimension can have, by the dimension's name: what the other stacks named so."""

    def named(stack: str, kind: str, *path: str) -> set[str]:
        found = set()
        for resource in assembly.resources(stack, f"AWS::{kind}").values():
            value: Any = resource["Properties"]
            for step in path:
                value = value[step]
            found.add(value)
        return found

    (cache,) = assembly.resources("Data", "AWS::ElastiCache::ReplicationGroup").values()
    nodes = range(1, cache["Properties"]["ReplicasPerNodeGroup"] + 2)
    group = ("AmazonManagedKafkaEventSourceConfig", "ConsumerGroupId")
    return {
        "DBInstanceIdentifier": named("Data", "RDS::DBInstance", "DBInstanceIdentifier"),
        "CacheClusterId": {f"{cache['Properties']['ReplicationGroupId']}-{node:03}" for node in nodes},
        "Cluster Name": named("Data", "MSK::Cluster", "ClusterName"),
        "Topic": named("Data", "MSK::Topic", "TopicName"),
        "Consumer Group": named("Service", "Lambda::EventSourceMapping", *group),
        "WebACL": named("Service", "WAFv2::WebACL", "VisibilityConfig", "MetricName"),
        "QueueName": named("Service", "SQS::Queue", "QueueName"),
        "ApiName": named("Service", "ApiGateway::RestApi", "Name"),
        "FunctionName": named("Service", "Lambda::Function", "FunctionName")
        | named("Prometheus", "Lambda::Function", "FunctionName"),
    }


def _watched_names(assembly: Assembly) -> Iterator[tuple[str, str]]:
    """The dimensions of every metric on the boards and behind the alarms."""
    for board in (f"smartqueue-{assembly.stage}", f"smartqueue-{assembly.stage}-detail"):
        for widget in _widgets(assembly, board):
            for metric in widget["properties"].get("metrics", ()):
                words = [word for word in metric if isinstance(word, str)]
                yield from zip(words[2::2], words[3::2], strict=True)
    for alarm in assembly.resources("Observability", "AWS::CloudWatch::Alarm").values():
        stats = [
            part["MetricStat"]["Metric"] for part in alarm["Properties"].get("Metrics", ()) if "MetricStat" in part
        ]
        for metric in (alarm["Properties"], *stats):
            for dimension in metric.get("Dimensions", ()):
                yield dimension["Name"], dimension["Value"]


def _titles(assembly: Assembly, board: str) -> set[str]:
    return {widget["properties"].get("title", "") for widget in _widgets(assembly, board)}


def _widgets(assembly: Assembly, board: str) -> list[dict[str, Any]]:
    (found,) = (
        resource["Properties"]["DashboardBody"]
        for resource in assembly.resources("Observability", "AWS::CloudWatch::Dashboard").values()
        if resource["Properties"]["DashboardName"] == board
    )
    parts = found if isinstance(found, str) else found["Fn::Join"][1]
    text = parts if isinstance(parts, str) else "".join(part if isinstance(part, str) else "X" for part in parts)
    widgets: list[dict[str, Any]] = json.loads(text)["widgets"]
    return widgets
