"""Errors as RFC 9457 problem+json."""

import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools.event_handler import Response

from smartqueue.errors import ApiError

CONTENT_TYPE = "application/problem+json"
CORRELATION_ID = "X-Correlation-ID"
SUMMARISED = 3


def problem(
    status: HTTPStatus,
    detail: str,
    correlation_id: str,
    *,
    errors: list[dict[str, str]] | None = None,
    retry_after_seconds: int | None = None,
) -> Response[str]:
    """Build an answer that says what went wrong and, where the caller can mend it, what to change."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "correlationId": correlation_id,
    }
    if errors:
        body["errors"] = errors
    headers: dict[str, str | list[str]] = {CORRELATION_ID: correlation_id, "Cache-Control": "no-store"}
    if retry_after_seconds is not None:
        headers["Retry-After"] = str(retry_after_seconds)
    if status is HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(status_code=status, content_type=CONTENT_TYPE, body=json.dumps(body), headers=headers)


def field_errors(errors: Iterable[Mapping[str, Any]], *, inside: str = "") -> list[dict[str, str]]:
    """Return pydantic's or Powertools' errors by field; `inside` names the field that was looked into."""
    return [{"field": _field(error["loc"], inside), "message": str(error["msg"])} for error in errors]


def summarise(errors: Sequence[Mapping[str, str]]) -> str:
    """Return the first errors in one line."""
    return "; ".join(f"{e['field']}: {e['message']}" for e in errors[:SUMMARISED])


def _field(location: Iterable[object], inside: str) -> str:
    parts = [str(part) for part in location]
    # Powertools' locations begin with where the field was found; a body's fields need no such word.
    if not inside and parts[:1] == ["body"]:
        parts = parts[1:] or parts
    return ".".join([inside, *parts] if inside else parts)


def api_problem(error: ApiError, correlation_id: str) -> Response[str]:
    """Build the answer for one of our own errors."""
    return problem(
        error.status,
        error.detail,
        correlation_id,
        errors=error.errors,
        retry_after_seconds=error.retry_after_seconds,
    )
