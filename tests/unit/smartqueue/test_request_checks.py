"""What no request may hold is refused before anything looks at its meaning."""

import json
from typing import Any

import pytest

from smartqueue.errors import BadRequestError, UnsupportedMediaTypeError
from smartqueue.request_checks import MAX_DEPTH, check_request


def request(body: str | None, *, content_type: str | None = "application/json", query: str = "x") -> dict[str, Any]:
    headers = {} if content_type is None else {"content-type": content_type}
    return {
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {"q": query},
        "multiValueQueryStringParameters": {"q": [query]},
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.mark.parametrize(
    "body", [None, "", "{}", '{"title": "Ünïcode \\ud83d\\ude00"}', '{"n": 1e300}', "[" * 40 + "]" * 40]
)
def test_what_can_be_kept_passes(body: str | None) -> None:
    check_request(request(body))


@pytest.mark.parametrize("content_type", ["application/json", "Application/JSON; charset=utf-8", None])
def test_json_is_the_one_content_type(content_type: str | None) -> None:
    check_request(request("{}", content_type=content_type))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_content_type_is_refused(content_type: str) -> None:
    with pytest.raises(UnsupportedMediaTypeError):
        check_request(request("{}", content_type=content_type))


@pytest.mark.parametrize(
    "body",
    [
        "{",
        '{"a": "\\u0000"}',
        '{"\\u0000": 1}',
        '[["\\ud800"]]',
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5000 + "}",
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
        "[" * 100_000 + "]" * 100_000,
    ],
    ids=lambda body: body[:20],
)
def test_what_cannot_be_read_or_kept_is_refused(body: str) -> None:
    with pytest.raises(BadRequestError):
        check_request(request(body))


def test_a_query_with_a_nul_is_refused() -> None:
    with pytest.raises(BadRequestError):
        check_request(request(json.dumps({}), query="a\0b"))
