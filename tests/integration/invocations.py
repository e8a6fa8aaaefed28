"""One invocation of a function: the event and context that go in, the answer that comes out."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    """Empty the caches that handlers keep for their execution environment."""
    for function in ROLE_OF:
        name = f"functions.{function}.handler"
        for cached in vars(sys.modules[name]).values() if name in sys.modules else ():
            if getattr(cached, "__module__", "") == name and hasattr(cached, "cache_clear"):
                cached.cache_clear()
