"""Requests that are made up from the API's own document, good ones and bad ones, and what every answer must keep to."""

from __future__ import annotations

import json
import os
import zlib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS
from schemathesis.generation.modes import GenerationMode

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests
    from schemathesis import Case
    from schemathesis.schemas import APIOperation

DOCUMENT = Path(__file__).resolve().parents[2] / "functions/docs/openapi.json"
# How many good and how many bad requests each role makes of each operation.
EXAMPLES = int(os.environ.get("ATTACK_EXAMPLES", "6"))
# The same ones every time, unless many are asked for: then others every time.
SEED = int(os.environ.get("ATTACK_SEED", "0"))
MODES = {"good": GenerationMode.POSITIVE, "bad": GenerationMode.NEGATIVE}
TIMEOUT_SECONDS = 30
CHECKED = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance", "negative_data_rejection"),
)
# What the inside of a service looks like when it shows.
INSIDE = ("Traceback", "psycopg", "pydantic", 'File "', "/var/task", "smartqueue_api")

REQUESTS: Counter[str] = Counter()


def operations() -> list[tuple[str, str]]:
    """Every method and path of the document."""
    paths = json.loads(DOCUMENT.read_text("utf-8"))["paths"]
    return [(method.upper(), path) for path, methods in paths.items() for method in methods]


@cache
def _schema() -> Any:
    schema = schemathesis.openapi.from_path(DOCUMENT)
    # Tokens are the attacker's own business here, and unknown parameters of a query are ignored by design.
    schema.config.generation.with_security_parameters = False
    schema.config.generation.allow_extra_parameters = False
    return schema


def attack(
    method: str, path: str, *, kind: str, session: requests.Session, base_url: str, jobs: Sequence[str], allowed: bool
) -> int:
    """Send made-up requests to an operation and check the answers; return how many were sent.

    session: carries the token. jobs: ids of jobs that are there, which some requests name. allowed: whether this
    caller may do this at all.
    """
    operation: APIOperation[Any, Any, Any, Any] = _schema()[path][method]
    checks: list[Any] = [CHECKS.get_one(name) for name in CHECKED]
    sent = 0

    @seed(SEED or zlib.crc32(f"{method} {path} {kind}".encode()))
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operation.as_strategy(generation_mode=MODES[kind]))
    def try_one(case: Case[Any]) -> None:
        nonlocal sent
        # What is wrong about a request must be there when it arrives.
        assume(not any(map(_vanishes, (case.query or {}).values())))
        _come_closer(case, jobs)
        answer = case.call(base_url=base_url, session=session, timeout=TIMEOUT_SECONDS)
        sent += 1
        case.validate_response(answer, checks=checks)
        assert not any(trace in answer.text for trace in INSIDE), answer.text
        if not allowed:
            assert answer.status_code in {401, 403, 404}, f"{answer.status_code}: {case.as_curl_command()}"

    try:
        try_one()
    except Unsatisfiable:
        # Some operations take nothing that could be wrong.
        assert kind == "bad"
    REQUESTS[f"{kind} requests"] += sent
    return sent


def _vanishes(value: object) -> bool:
    """Tell whether nothing of a query's value is left in a URL."""
    return isinstance(value, dict | list | tuple) and all(
        map(_vanishes, value.values() if isinstance(value, dict) else value)
    )


def _come_closer(case: Case[Any], jobs: Sequence[str]) -> None:
    """Let half of the requests name what is there: made-up ids and types end at the first check."""
    draw = zlib.crc32(repr((case.path_parameters, case.body)).encode())
    if draw % 2:
        return
    if "jobId" in (case.path_parameters or {}):
        case.path_parameters = {"jobId": jobs[draw // 2 % len(jobs)]}
    if isinstance(case.body, dict) and "title" in case.body and "type" in case.body:
        case.body = {**case.body, "type": "simulate", "payload": {"durationSeconds": 0}}
