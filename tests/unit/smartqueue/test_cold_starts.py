"""A cold start is one line, whatever the function and however often it is invoked."""

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartqueue.cold_starts import count_cold_start
from smartqueue.logs import log_invocation, logger


class Context:
    aws_request_id = "request-1"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An execution environment that has served nobody."""
    monkeypatch.setenv("STAGE", "dev")
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "submit")
    for remembered in (logger, count_cold_start):
        remembered.cache_clear()
    yield
    for remembered in (logger, count_cold_start):
        remembered.cache_clear()


def test_the_first_invocation_counts_it_and_no_later_one(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(3):
        with log_invocation(Context()):
            pass
    [line] = map(json.loads, capsys.readouterr().out.splitlines())
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "SmartTaskQueue"
    assert directive["Metrics"] == [{"Name": "cold_starts_total", "Unit": "Count"}]
    [dimensions] = directive["Dimensions"]
    assert {name: line[name] for name in dimensions} == {"service": "smartqueue", "stage": "dev", "function": "submit"}
    assert line["cold_starts_total"] == [1.0]
    assert 0 < line["init_cpu_seconds"] <= round(time.process_time(), 3)


def test_a_function_without_settings_says_so_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STAGE")
    with log_invocation(Context()):
        pass
    assert capsys.readouterr().out == ""


def test_every_function_logs_its_invocations() -> None:
    handlers = {path.parent.name: path.read_text("utf-8") for path in Path("functions").glob("*/handler.py")}
    silent = [name for name, text in handlers.items() if not re.search(r"log_invocation\(|api\.serve\(", text)]
    assert silent == []
