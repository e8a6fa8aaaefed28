"""A function in a process of its own, that can be told at which of its steps to die.

The steps are methods of the real code, wrapped here from outside: the code itself knows nothing of it.
"""

import importlib
import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import kafka
from moto import mock_aws

import functions.classify.handler
import functions.process.handler
import functions.query.handler
import functions.relay.handler
import functions.submit.handler
from localstack.services.kafka import quiet_client_logs
from tests.integration.invocations import Context

__all__ = ["Death", "Order", "functions", "kafka", "work"]


@dataclass(frozen=True)
class Death:
    """SIGKILL before or after a method, as in Death("after", "smartqueue.store.jobs:JobStore.move")."""

    when: str
    method: str


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a worker has to do. log: where its standard output and error go."""

    function: str
    environment: dict[str, str]
    secrets: dict[str, dict[str, Any]]
    event: dict[str, Any]
    log: Path
    death: Death | None = None
    seconds: float = 60.0


def work(order: Order) -> None:
    """Serve one invocation. Raises what the handler raises: the exit code is 1 then."""
    with order.log.open("wb") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    quiet_client_logs()
    os.environ.update({**order.environment, "AWS_DEFAULT_REGION": "us-east-1"})
    with mock_aws():
        client = boto3.client("secretsmanager", region_name="us-east-1")
        for name, value in order.secrets.items():
            client.create_secret(Name=name, SecretString=json.dumps(value))
        if order.death is not None:
            _arrange(order.death)
        handler = importlib.import_module(f"functions.{order.function}.handler")
        print(json.dumps({"answer": handler.lambda_handler(order.event, Context(seconds=order.seconds))}))  # noqa: T201


def _arrange(death: Death) -> None:
    module, _, path = death.method.partition(":")
    class_name, _, method_name = path.partition(".")
    owner = getattr(importlib.import_module(module), class_name)
    original = getattr(owner, method_name)

    def die(*arguments: Any, **named: Any) -> None:
        if death.when == "after":
            original(*arguments, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, method_name, die)
