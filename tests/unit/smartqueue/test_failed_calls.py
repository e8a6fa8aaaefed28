"""A call fails, or does not, by what it means; Lambda's own count of errors is put right."""

import importlib
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from smartqueue.cold_starts import count_cold_start
from smartqueue.errors import ApiError, NotFoundError, UnauthorizedError, UnavailableError
from smartqueue.failed_calls import FAILED_CALLS, REFUSED_TOKENS
from smartqueue.http import Api
from smartqueue.logs import logger
from smartqueue.partial_batches import Position

POSITION = Position("job-events-0", 7)


class Context:
    aws_request_id = "request-1"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 60_000


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An execution environment of the stage dev that logs under a name of its own."""
    monkeypatch.setenv("STAGE", "dev")
    for remembered in (logger, count_cold_start):
        remembered.cache_clear()
    yield
    for remembered in (logger, count_cold_start):
        remembered.cache_clear()


@pytest.mark.parametrize(
    ("error", "is_failed"),
    [
        (None, False),
        (NotFoundError("no such job"), False),
        (UnavailableError("Kafka is away"), True),
        (RuntimeError("a bug"), True),
    ],
    ids=["200", "404", "503", "500"],
)
def test_an_answer_that_is_our_fault_is_a_failed_call(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception | None, is_failed: bool
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "query")
    _answer(error)
    expected = [{"service": "smartqueue", "stage": "dev", "function": "query"}]
    assert _counted(capsys, FAILED_CALLS) == (expected if is_failed else [])


def test_a_key_that_cannot_be_read_is_a_failed_call_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "query")
    _answer(None, verification=RuntimeError("no right to read the secret"))
    assert len(_counted(capsys, FAILED_CALLS)) == 1


@pytest.mark.parametrize("failed", [set(), {POSITION}], ids=["all done", "one left"])
@pytest.mark.parametrize(("function", "work"), [("process", "processor"), ("classify", "classifier")])
def test_a_batch_that_must_come_again_in_part_is_a_failed_call(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    function: str,
    work: str,
    failed: set[Position],
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", function)
    handler = importlib.import_module(f"functions.{function}.handler")
    part = SimpleNamespace(process=lambda *_, **__: failed, classify=lambda *_, **__: failed)
    monkeypatch.setattr(handler, work, lambda: part)
    monkeypatch.setattr(handler, "environment", SimpleNamespace(cache=None))
    answer = handler.lambda_handler({"records": {"job-events-0": [{}]}}, Context())
    assert len(answer["batchItemFailures"]) == len(failed)
    assert [found["function"] for found in _counted(capsys, FAILED_CALLS)] == [function] * len(failed)


def test_a_refused_token_is_told_from_an_authorizer_that_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "authorizer")
    handler = importlib.import_module("functions.authorizer.handler")
    for error in (UnauthorizedError("The token has expired."), RuntimeError("no right to read the secret")):
        monkeypatch.setattr(handler, "environment", SimpleNamespace(verify=_raising(error)))
        with pytest.raises(Exception, match=r"^(Unauthorized|no right to read the secret)$"):
            handler.lambda_handler({"authorizationToken": "Bearer x", "methodArn": "arn"}, Context())
    assert _counted(capsys, REFUSED_TOKENS) == [{"service": "smartqueue", "stage": "dev", "function": "authorizer"}]


def test_a_function_without_settings_says_so_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "query")
    monkeypatch.delenv("STAGE")
    assert _answer(RuntimeError("no STAGE")) == 500
    assert _counted(capsys, FAILED_CALLS) == []


def _answer(error: Exception | None, *, verification: Exception | None = None) -> int:
    api = Api(allowed_origins=frozenset, verify=_raising(verification) if verification else None)

    @api.app.get("/jobs")
    def show() -> dict[str, str]:
        if error is not None:
            raise error
        return {}

    event = {
        "httpMethod": "GET",
        "resource": "/jobs",
        "path": "/jobs",
        "headers": {},
        "multiValueHeaders": {},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "body": None,
        "isBase64Encoded": False,
        "requestContext": {"requestId": "1"},
    }
    status: int = api.serve(event, Context())["statusCode"]
    assert not isinstance(error, ApiError) or status == error.status
    return status


def _raising(error: Exception) -> Any:
    def fail(_: str | None) -> Any:
        raise error

    return fail


def _counted(capsys: pytest.CaptureFixture[str], name: str) -> list[dict[str, str]]:
    """The dimensions of each time that a metric was counted."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
    found = [line for line in lines if name in line and "_aws" in line]
    assert all(line[name] == [1.0] for line in found)
    return [{key: line[key] for key in line["_aws"]["CloudWatchMetrics"][0]["Dimensions"][0]} for line in found]
