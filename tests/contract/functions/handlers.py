# ruff: noqa: T201 - standard output is a function's log
"""The tiny functions that the contract tests deploy; they talk to the tests through a folder."""

from __future__ import annotations

import base64
import json
import os
import time
import urllib.request
from pathlib import Path
from typing import Any

FOLDER = Path(os.environ.get("FOLDER", "/nonexistent"))


def echo(event: dict[str, Any], context: Any) -> Any:
    print(json.dumps({"message": "echoed", "correlation_id": event["headers"].get("x-correlation-id")}))
    from contract_layer import VALUE  # type: ignore[import-not-found]  # noqa: PLC0415 - only this one has it

    body = {
        "event": event,
        "secret": os.environ["SECRET_NAME"],
        "layer": VALUE,
        "leaked": sorted(name for name in os.environ if name.startswith(("SMARTQUEUE_", "PYTEST_"))),
        "remaining": context.get_remaining_time_in_millis(),
    }
    return {
        "statusCode": 201,
        "headers": {"Content-Type": "application/json", "X-Seen": "yes"},
        "body": json.dumps(body),
    }


def authorize(event: dict[str, Any], context: Any) -> Any:
    print("authorizing")
    token = event["authorizationToken"]
    if token not in ("Bearer allow", "Bearer deny"):
        raise Exception("Unauthorized")  # noqa: TRY002 - the word API Gateway looks for
    effect = "Allow" if token.endswith("allow") else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": "someone",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"tenantId": "tenant-1"},
    }


def custom_resource(event: dict[str, Any], context: Any) -> Any:
    print(event["RequestType"])
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": "contract",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Answer": event["ResourceProperties"]["Question"] + "!"},
    }
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT")
    urllib.request.urlopen(request, timeout=5)


def consume(event: dict[str, Any], context: Any) -> Any:
    """Keeps the event; fails while a file `fail` exists, answers with the file `answer` when there is one.

    Reports the records with the values in the file `refuse` as failed, as long as it exists.
    """
    print("consuming")
    number = time.time_ns()
    failing = (FOLDER / "fail").exists()
    name = f"{number}.{'failed' if failing else 'ok'}.json"
    draft = FOLDER / f"{name}.draft"
    draft.write_text(json.dumps(event))
    draft.rename(FOLDER / name)
    if failing:
        raise RuntimeError("told to fail")
    answer = FOLDER / "answer"
    if answer.exists():
        content = json.loads(answer.read_text())
        answer.unlink()
        return content
    refuse = FOLDER / "refuse"
    if refuse.exists():
        refused = json.loads(refuse.read_text())
        identifiers = [
            {"partition": partition, "offset": record["offset"]}
            for partition, records in event["records"].items()
            for record in records
            if base64.b64decode(record["value"]).decode() in refused
        ]
        return {"batchItemFailures": [{"itemIdentifier": identifier} for identifier in identifiers]}
    return None


def tick(event: dict[str, Any], context: Any) -> Any:
    print("tick")
    (FOLDER / f"{time.time_ns()}.json").write_text(json.dumps(event))


def measure(event: dict[str, Any], context: Any) -> Any:
    directive = {
        "Namespace": "Contract",
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "seconds", "Unit": "Seconds"}, {"Name": "count", "Unit": "Count"}],
    }
    blob = {
        "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
        "service": "contract",
        "seconds": [0.1, 0.2, 0.3],
        "count": 2,
    }
    print(json.dumps(blob))
