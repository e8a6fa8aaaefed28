"""What the project relies on in the emulator; run at every change of its version."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from localstack import logs
from localstack.aws import client
from localstack.emf.forwarder import Forwarder
from tests.contract import template
from tests.contract.support import Contract, post, wait_until


def test_a_proxy_event_has_what_the_resolver_reads(contract: Contract) -> None:
    status, headers, body = post(f"{contract.api}/open?a=1&b=two", {"x": "é"}, **{"X-Correlation-ID": "c-1"})

    assert status == 201
    assert headers["X-Seen"] == "yes"
    event = body["event"]
    assert event["httpMethod"] == "POST"
    assert event["path"] == "/open"
    assert event["resource"] == "/open"
    assert event["queryStringParameters"] == {"a": "1", "b": "two"}
    assert {name.lower(): value for name, value in event["headers"].items()}["x-correlation-id"] == "c-1"
    assert json.loads(event["body"]) == {"x": "é"}
    assert event["requestContext"]["requestId"]
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"
    assert 0 < body["remaining"] <= 10_000


def test_functions_get_their_variables_and_layer_and_nothing_of_this_process(contract: Contract) -> None:
    _, _, body = post(f"{contract.api}/open")

    assert "contract/generated" in body["secret"]
    assert body["layer"] == "from the layer"
    assert body["leaked"] == []


def test_an_authorizer_lets_in_and_hands_on_its_context(contract: Contract) -> None:
    status, _, body = post(f"{contract.api}/guarded", Authorization="Bearer allow")

    assert status == 201
    assert body["event"]["requestContext"]["authorizer"]["tenantId"] == "tenant-1"


@pytest.mark.parametrize(
    ("path", "headers", "expected", "kind"),
    [
        ("/guarded", {"Authorization": "Bearer who"}, 401, "UNAUTHORIZED"),
        ("/guarded", {}, 401, "UNAUTHORIZED"),
        ("/guarded", {"Authorization": "Bearer deny"}, 403, "ACCESS_DENIED"),
    ],
)
def test_gateway_responses_shape_refusals(
    contract: Contract, path: str, headers: dict[str, str], expected: int, kind: str
) -> None:
    status, answered, body = post(contract.api + path, **headers)

    assert status == expected
    assert answered["Content-Type"] == "application/problem+json"
    assert body["kind"] == kind
    assert body["correlationId"]


def test_a_generated_secret_keeps_its_template(contract: Contract) -> None:
    # ExcludePunctuation is not honoured, so nothing may rely on it.
    secret: Any = client("secretsmanager", contract.emulator.url)
    value = json.loads(secret.get_secret_value(SecretId="contract/generated")["SecretString"])

    assert value["host"] == "db.local"
    assert len(value["password"]) == 40


def test_a_custom_resource_is_a_python_function(contract: Contract) -> None:
    stack = client("cloudformation", contract.emulator.url).describe_stacks(StackName=template.STACK)["Stacks"][0]

    assert stack["Outputs"][0]["OutputValue"] == "really!"


def test_logs_are_kept_and_read_in_order(contract: Contract) -> None:
    post(f"{contract.api}/open", **{"X-Correlation-ID": "find-me-in-the-logs"})
    events = wait_until(
        lambda: client("logs", contract.emulator.url).filter_log_events(
            logGroupName=f"/aws/lambda/{template.PREFIX}echo", filterPattern='"find-me-in-the-logs"'
        )["events"]
    )

    line = logs.parse("echo", events[0]["timestamp"], events[0]["message"])
    assert line is not None
    assert (line.message, line.correlation_id) == ("echoed", "find-me-in-the-logs")


def test_metric_lines_become_metrics_once(contract: Contract, tmp_path_factory: pytest.TempPathFactory) -> None:
    cursor = tmp_path_factory.mktemp("emf") / "cursor.json"
    prefix = f"/aws/lambda/{template.PREFIX}measure"
    client("lambda", contract.emulator.url).invoke(FunctionName=f"{template.PREFIX}measure")

    forwarder = Forwarder(endpoint=contract.emulator.url, prefix=prefix, cursor=cursor)
    assert wait_until(forwarder.forward) == 2
    assert forwarder.forward() == 0
    assert Forwarder(endpoint=contract.emulator.url, prefix=prefix, cursor=cursor).forward() == 0

    now = datetime.now(UTC)
    points = client("cloudwatch", contract.emulator.url).get_metric_statistics(
        Namespace="Contract",
        MetricName="seconds",
        Dimensions=[{"Name": "service", "Value": "contract"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["SampleCount", "Sum", "Maximum"],
    )["Datapoints"]
    assert sum(point["SampleCount"] for point in points) == 3
    assert sum(point["Sum"] for point in points) == pytest.approx(0.6)
