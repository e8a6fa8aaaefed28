"""What no request may hold, checked before anything looks at its meaning.

JSON and URLs can spell texts and numbers that PostgreSQL cannot keep; without these checks they would be found at the
moment of writing, as an error on our side.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent

from smartqueue.errors import BadRequestError, ContentTooLargeError, UnsupportedMediaTypeError

JSON_TYPE = "application/json"
MAX_DEPTH = 50
# The firewall stops a million too, by the Content-Length that a request need not have.
MAX_BODY_BYTES = 1_000_000
NOT_JSON = "The body is not valid JSON."
_UNSTORABLE = re.compile(r"[\0\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Tell whether PostgreSQL can keep `text`: no NUL character, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None


def check_request(event: Mapping[str, Any]) -> None:
    """Check the query and the body of an API Gateway proxy event.

    Raises BadRequestError (unreadable, or holds what cannot be kept), ContentTooLargeError or
    UnsupportedMediaTypeError (not JSON).
    """
    request = APIGatewayProxyEvent(dict(event))
    for name, values in request.resolved_query_string_parameters.items():
        if not all(map(is_storable, (name, *values))):
            raise BadRequestError("The query string contains characters that no text may have, such as NUL.")
    if not request.body or request.http_method == "GET":
        return
    if len(request.body.encode("utf-8", "surrogatepass")) >= MAX_BODY_BYTES:
        raise ContentTooLargeError(f"Send less than {MAX_BODY_BYTES:,} bytes at once; a batch can be split.")
    content_type = request.headers.get("Content-Type") or JSON_TYPE
    if content_type.partition(";")[0].strip().lower() != JSON_TYPE:
        raise UnsupportedMediaTypeError(f"Send the body as Content-Type: {JSON_TYPE}.")
    try:
        body = json.loads(request.decoded_body or "", parse_constant=_refuse_constant, parse_float=_finite)
    except RecursionError:
        raise _too_deep() from None
    except ValueError:
        raise BadRequestError(NOT_JSON) from None
    _check_values(body)


def _check_values(body: object) -> None:
    waiting = [(body, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise _too_deep()
        texts: list[str] = []
        if isinstance(value, str):
            texts = [value]
        elif isinstance(value, dict):
            texts = list(value)
            waiting.extend((inner, depth + 1) for inner in value.values())
        elif isinstance(value, list):
            waiting.extend((inner, depth + 1) for inner in value)
        if not all(map(is_storable, texts)):
            raise BadRequestError("The body contains characters that no text may have, such as NUL (\\u0000).")


def _too_deep() -> BadRequestError:
    return BadRequestError(f"The body is nested too deeply: {MAX_DEPTH} levels are allowed.")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is too large")
    return number
