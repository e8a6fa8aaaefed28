"""Metrics that AWS keeps and the local cloud does not, or too seldom: of API Gateway, MSK and the schedule.

They are put into the emulator's CloudWatch under AWS's own names and dimensions, from what really happened: the
answers this suite got, the offsets in the broker, and the lines that the emulator logs for every invocation.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2

from localstack.aws import client
from localstack.endpoints import API_STAGE, FUNCTION_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.cloud import LocalCloud

LANES = {"": "job-events", "-bulk": "job-events-bulk"}
GROUPS = ("job-processor", "job-classifier")
# Everything that is there once bears the stage's name alone.
STAGE_NAME = FUNCTION_PREFIX.rstrip("-")
SERVER_ERROR = 500
CLIENT_ERROR = 400
_DATA_PER_REQUEST = 500


class GatewayMeter(httpx2.HTTPTransport):
    """Connections that measure every request as API Gateway's detailed metrics do, of routes without parameters."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()
        self._metrics = client("cloudwatch", endpoint)
        self._measured: list[dict[str, Any]] = []

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request, and note its status and how long the answer took."""
        at, started = datetime.now(UTC), time.perf_counter()
        response = super().handle_request(request)
        response.read()
        milliseconds = (time.perf_counter() - started) * 1000
        values = {
            "Count": 1.0,
            "5XXError": float(response.status_code >= SERVER_ERROR),
            "4XXError": float(CLIENT_ERROR <= response.status_code < SERVER_ERROR),
            "Latency": milliseconds,
        }
        path = request.url.path.partition(f"/{API_STAGE}/")[2]
        method = {"Resource": f"/{path}", "Method": request.method, "Stage": API_STAGE}
        self._measured += [
            {
                "MetricName": name,
                "Dimensions": [{"Name": key, "Value": text} for key, text in dimensions.items()],
                "Timestamp": at,
                "Value": value,
            }
            for name, value in values.items()
            for dimensions in ({"ApiName": STAGE_NAME}, {"ApiName": STAGE_NAME, **method})
        ]
        return response

    def publish(self) -> None:
        """Put what was measured since the last time."""
        measured, self._measured = self._measured, []
        for start in range(0, len(measured), _DATA_PER_REQUEST):
            batch: Any = measured[start : start + _DATA_PER_REQUEST]
            self._metrics.put_metric_data(Namespace="AWS/ApiGateway", MetricData=batch)


class ScheduleMeter:
    """Counts the invocations of one function by its log; those made through the API are counted twice."""

    def __init__(self, endpoint: str, function: str) -> None:
        self._metrics = client("cloudwatch", endpoint)
        self._logs = client("logs", endpoint)
        self._function = f"{FUNCTION_PREFIX}{function}"
        self._seen: set[str] = set()

    def publish(self) -> None:
        """Put the invocations that were logged since the last time, at the moments when they began."""
        fresh = [(stream, began) for stream, began in self._starts() if stream not in self._seen]
        self._seen |= {stream for stream, _ in fresh}
        if fresh:
            self._metrics.put_metric_data(
                Namespace="AWS/Lambda",
                MetricData=[
                    {
                        "MetricName": "Invocations",
                        "Dimensions": [{"Name": "FunctionName", "Value": self._function}],
                        "Timestamp": began,
                        "Value": 1,
                    }
                    for _, began in fresh
                ],
            )

    def _starts(self) -> Iterator[tuple[str, datetime]]:
        """Stream and start of each invocation: every one has a stream of its own here, written when it ends."""
        pages = self._logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self._function}", filterPattern='"REPORT RequestId"'
        )
        for event in (event for page in pages for event in page["events"]):
            milliseconds = float(event["message"].partition("Duration: ")[2].partition(" ms")[0])
            yield event["logStreamName"], datetime.fromtimestamp((event["timestamp"] - milliseconds) / 1000, UTC)


class LagMeter:
    """Measures the lag of the consumer groups as the trigger does, but now: nobody waits for its next ten seconds."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._metrics = client("cloudwatch", cloud.endpoints.aws)
        self._cloud = cloud

    def publish(self) -> dict[str, int]:
        """Put the lag of each group and lane as it is now, and return it by group, all lanes together."""
        lags = {
            (f"{group}{lane}", topic): self._cloud.lag(f"{group}{lane}", topic)
            for group in GROUPS
            for lane, topic in LANES.items()
        }
        self._metrics.put_metric_data(
            Namespace="AWS/Kafka",
            MetricData=[
                {
                    "MetricName": "SumOffsetLag",
                    "Dimensions": [
                        {"Name": "Cluster Name", "Value": STAGE_NAME},
                        {"Name": "Consumer Group", "Value": group},
                        {"Name": "Topic", "Value": topic},
                    ],
                    "Value": lag,
                }
                for (group, topic), lag in lags.items()
            ],
        )
        return {group: sum(lag for (name, _), lag in lags.items() if name.startswith(group)) for group in GROUPS}
