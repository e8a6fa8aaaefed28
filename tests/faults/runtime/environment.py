"""One execution environment: a process that serves one invocation after the other, as Lambda's runtime does."""

import importlib
import json
import os
import sys
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from localstack.services.kafka import quiet_client_logs
from tests.faults.runtime.clock import skew_clock
from tests.integration.invocations import Context


@dataclass(frozen=True, kw_only=True)
class Order:
    """What an environment is: a function, its variables, and where its output goes.

    skew_seconds: how wrong its clock is.
    """

    function: str
    variables: dict[str, str]
    log: Path
    skew_seconds: float = 0.0


def serve(order: Order, requests: Connection) -> None:
    """Answer (event, seconds) with (result, error) until the other side hangs up."""
    with order.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.clear()
    os.environ.update(order.variables)
    quiet_client_logs()
    if order.skew_seconds:
        skew_clock(order.skew_seconds)
    handler = importlib.import_module(f"functions.{order.function}.handler").lambda_handler
    while True:
        try:
            event, seconds = requests.recv()
        except EOFError:
            return
        requests.send(_answer(handler, event, Context(seconds=seconds, function_name=order.function)))


def _answer(handler: Any, event: Any, context: Context) -> tuple[Any, str]:
    try:
        result = handler(event, context)
    except Exception as error:  # noqa: BLE001 - as Lambda tells its caller of every exception
        return None, json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)})
    finally:
        sys.stdout.flush()
    return result, ""
