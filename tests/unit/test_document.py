"""What the API's document must say for callers, and for those who attack it by the document."""

import json
from pathlib import Path
from typing import Any

import pytest

PATHS = json.loads((Path(__file__).resolve().parents[2] / "functions/docs/openapi.json").read_text("utf-8"))["paths"]
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": operation for path, methods in PATHS.items() for method, operation in methods.items()
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_refusal_is_told_with_the_headers_it_carries(operation: dict[str, Any]) -> None:
    assert {"400", "401", "403", "422", "503"} <= operation["responses"].keys()
    told = {status: set(answer["headers"]) for status, answer in operation["responses"].items()}
    assert all("X-Correlation-ID" in headers for headers in told.values())
    assert "WWW-Authenticate" in told["401"]
    assert all("Retry-After" in told[status] for status in told.keys() & {"429", "503"})


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_another_correlation_id_is_replaced_and_so_is_no_error(operation: dict[str, Any]) -> None:
    [parameter] = [p for p in operation["parameters"] if p["name"] == "X-Correlation-ID"]
    assert "pattern" not in parameter["schema"]


def test_metrics_are_text() -> None:
    assert list(OPERATIONS["GET /metrics"]["responses"]["200"]["content"]) == ["text/plain"]


@pytest.mark.parametrize("name", [name for name in OPERATIONS if "{" in name])
def test_what_a_path_names_is_an_id(name: str) -> None:
    parameters = [p for p in OPERATIONS[name]["parameters"] if p["in"] == "path"]
    assert [p["schema"]["format"] for p in parameters] == ["uuid"]
