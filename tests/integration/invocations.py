"""One invocation of a function: the event and context that go in, the answer that comes out."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from smartqueue.environment import Environment
from tests.integration.wiring import ROLE_OF


@dataclass
class Context:
    """What a handler uses of the Lambda context."""

    seconds: float = 60.0
    aws_request_id: str = "request-1"
    function_name: str = "test"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:test"

    def get_remaining_time_in_millis(self) -> int:
        """Return the time left."""
        return int(self.seconds * 1000)


@dataclass
class Answer:
    """An API answer."""

    status: int
    body: Any
    headers: dict[str, str]


def api_event(
    method: str,
    resource: str,
    body: object = None,
    *,
    headers: Mapping[str, str],
    query: Mapping[str, str] | None = None,
    path: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Shape a request as API Gateway does."""
    return {
        "httpMethod": method,
        "resource": resource,
        "path": resource.format(**path) if path else resource,
        "pathParameters": dict(path) if path else None,
        "headers": dict(headers),
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": dict(query) if query else None,
        "multiValueQueryStringParameters": {n: [v] for n, v in query.items()} if query else None,
        "body": None if body is None else body if isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"requestId": "1"},
    }


def forget_settings() -> None:
    """Empty what handlers keep for their execution environment; the clients themselves live on in the shared layer."""
    for function in ROLE_OF:
        handler = sys.modules.get(f"functions.{function}.handler")
        if handler is None:
            continue
        for kept in vars(handler).values():
            if getattr(kept, "__module__", "") == handler.__name__ and hasattr(kept, "cache_clear"):
                kept.cache_clear()
        environment = handler.environment
        for name, value in vars(Environment).items():
            if isinstance(value, cached_property):
                vars(environment).pop(name, None)
