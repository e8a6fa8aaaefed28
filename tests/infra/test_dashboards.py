"""The boards: one screen that tells whether and where it hurts, and the detail behind it."""

import json
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
    "Classification source",
    "Model cost, dollars/hour",
    "Cold starts",
    "Function throttles",
}
OF_THE_DATA = {"Database CPU and connections", "Valkey CPU and memory, %", "WAF", "Undelivered queue"}
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
        for side in ("metrics",)
        for metric in widget["properties"].get(side, ())
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
