"""What the contract tests share: the running parts, and waiting for something to come."""

from __future__ import annotations

import base64
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from localstack.aws import client
from localstack.services.kafka import lag
from tests.contract import template

if TYPE_CHECKING:
    from pathlib import Path

    from localstack.process import ManagedProcess
    from localstack.services import Emulator
    from tests.brokers import Broker


@dataclass
class Contract:
    """What the tests need to know of the running parts."""

    emulator: Emulator
    kafka: Broker
    folder: Path
    trigger: ManagedProcess
    deployed_at: float

    @property
    def api(self) -> str:
        return f"{self.emulator.url}/_aws/execute-api/{template.API_ID}/v1"

    def update(self, *, enabled: bool) -> None:
        """Deploy the stack again with its mappings on or off."""
        cloudformation = client("cloudformation", self.emulator.url)
        cloudformation.update_stack(
            StackName=template.STACK,
            TemplateBody=json.dumps(template.template(self.folder, enabled=enabled)),
            Parameters=[{"ParameterKey": "Host", "ParameterValue": "db.local"}],
        )
        cloudformation.get_waiter("stack_update_complete").wait(
            StackName=template.STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 20}
        )


def wait_until[Found](look: Callable[[], Found], *, seconds: float = 15, pause: float = 0.05) -> Found:
    """Look until something true comes back, and return it; fails when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"nothing came within {seconds} seconds")
        time.sleep(pause)


def post(url: str, body: object = None, **headers: str) -> tuple[int, Any, Any]:
    """Status, headers and decoded body, whatever the status."""
    data = json.dumps(body or {}).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)


Send = Callable[..., None]


def events(folder: Path, kind: str = "ok") -> list[dict[str, Any]]:
    return [json.loads(file.read_text()) for file in sorted(folder.glob(f"*.{kind}.json"))]


def values(found: list[dict[str, Any]]) -> list[str]:
    return [
        base64.b64decode(record["value"]).decode()
        for event in found
        for records in event["records"].values()
        for record in records
    ]


def caught_up(contract: Contract, group: str, topic: str) -> bool:
    return lag(contract.kafka.access, group, topic) == 0
