"""The outside of an API function: every error becomes a problem that tells what to change and no more."""

import json
from typing import Annotated, Any

import psycopg
import pytest
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import BaseModel

from smartqueue.errors import (
    ApiError,
    BadRequestError,
    ConflictError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthorizedError,
    UnavailableError,
    UnprocessableError,
)
from smartqueue.http import Api, read_correlation_id
from smartqueue.ids import is_id
from smartqueue.problems import CONTENT_TYPE
from smartqueue.roles import Principal, Role

ERRORS: list[tuple[ApiError, int]] = [
    (BadRequestError("x"), 400),
    (UnauthorizedError("x"), 401),
    (ForbiddenError("x"), 403),
    (NotFoundError("x"), 404),
    (ConflictError("x"), 409),
    (UnprocessableError("x", errors=[{"field": "f", "message": "m"}]), 422),
    (TooManyRequestsError("x", retry_after_seconds=7), 429),
    (UnavailableError("x"), 503),
]


class Context:
    aws_request_id = "request-1"


class Thing(BaseModel):
    name: str


class Server:
    """An API with one route that does as it is told."""

    def __init__(self, role: Role = Role.ADMIN) -> None:
        self.error: Exception | None = None
        caller = Principal(user_id="u", username="n", tenant_id="tenant-a", role=role)
        self.api = Api(allowed_origins=frozenset, verify=lambda _: caller, public=frozenset({"/public"}))

        @self.api.app.post("/things")
        def make(thing: Thing, number: Annotated[int, Query(ge=0)] = 0) -> dict[str, object]:
            if self.error is not None:
                raise self.error
            return {"name": thing.name, "number": number, "tenant": self.api.principal.tenant_id}

        @self.api.app.get("/public")
        def show() -> dict[str, str]:
            return {"tenant": self.api.principal.tenant_id}

    def call(
        self, body: str | None = '{"name": "x"}', *, method: str = "POST", path: str = "/things", **headers: str
    ) -> tuple[int, dict[str, Any], dict[str, str]]:
        sent = {"Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}}
        event = {
            "httpMethod": method,
            "resource": path,
            "path": path,
            "headers": sent,
            "multiValueHeaders": {name: [value] for name, value in sent.items()},
            "queryStringParameters": None,
            "multiValueQueryStringParameters": None,
            "body": body,
            "isBase64Encoded": False,
            "requestContext": {"requestId": "1"},
        }
        answer = self.api.serve(event, Context())
        headers_out = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
        return answer["statusCode"], json.loads(answer["body"]), headers_out


@pytest.mark.parametrize(("error", "status"), ERRORS, ids=[type(e).__name__ for e, _ in ERRORS])
def test_our_errors_become_problems_of_their_status(error: ApiError, status: int) -> None:
    server = Server()
    server.error = error
    answered, body, headers = server.call(X_Correlation_ID="corr-1")
    assert answered == status
    assert headers["Content-Type"] == CONTENT_TYPE
    assert headers["X-Correlation-ID"] == "corr-1"
    assert headers["Cache-Control"] == "no-store"
    assert {"type": "about:blank", "status": status, "detail": "x", "correlationId": "corr-1"}.items() <= body.items()
    assert body["title"]
    assert body.get("errors") == error.errors
    assert headers.get("Retry-After") == ("7" if status == 429 else None)
    assert headers.get("WWW-Authenticate") == ("Bearer" if status == 401 else None)


@pytest.mark.parametrize("error", [RuntimeError("password is hunter2"), KeyError("secret"), psycopg.DataError("sql")])
def test_any_other_error_is_a_500_that_tells_nothing(error: Exception) -> None:
    server = Server()
    server.error = error
    status, body, headers = server.call()
    assert (status, headers["Content-Type"]) == (500, CONTENT_TYPE)
    for secret in ("hunter2", "secret", "sql", "Traceback"):
        assert secret not in json.dumps(body)


def test_keys_that_cannot_be_read_are_a_500_with_the_correlation_id_too() -> None:
    server = Server()

    def fail(_: str | None) -> Principal:
        raise RuntimeError("no right to read the secret")

    server.api._verify = fail
    status, body, headers = server.call(X_Correlation_ID="corr-1")
    assert (status, headers["Content-Type"], body["correlationId"]) == (500, CONTENT_TYPE, "corr-1")
    assert "secret" not in json.dumps(body)


def test_a_database_that_is_away_is_a_503_to_try_again() -> None:
    server = Server()
    server.error = psycopg.OperationalError("host 10.0.0.1 refused")
    status, body, headers = server.call()
    assert (status, headers["Retry-After"]) == (503, "5")
    assert "10.0.0.1" not in json.dumps(body)


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [("{", 400, None), ("{}", 422, "name"), ('{"name": 1}', 422, "name"), ("[]", 422, "body"), (None, 422, "body")],
)
def test_a_wrong_body_tells_which_field(body: str | None, status: int, field: str | None) -> None:
    answered, problem, _ = Server().call(body)
    assert answered == status
    if field is not None:
        assert field in {error["field"] for error in problem["errors"]}
        assert field in problem["detail"]


def test_an_unknown_route_is_a_404_problem() -> None:
    status, body, headers = Server().call(path="/nowhere")
    assert (status, body["status"], headers["Content-Type"]) == (404, 404, CONTENT_TYPE)


def test_another_content_type_is_a_415() -> None:
    status, _, headers = Server().call(Content_Type="text/plain")
    assert (status, headers["Content-Type"]) == (415, CONTENT_TYPE)


def test_a_body_of_a_million_bytes_is_a_413_that_says_what_to_do() -> None:
    status, body, headers = Server().call(json.dumps({"title": "x" * 1_000_000}))
    assert (status, headers["Content-Type"]) == (413, CONTENT_TYPE)
    assert "can be split" in body["detail"]


def test_the_role_is_checked_before_the_body_is_looked_at() -> None:
    status, body, _ = Server(Role.VIEWER).call("{")
    assert (status, "VIEWER" in body["detail"]) == (403, True)


def test_a_public_route_knows_no_caller_not_even_the_last_ones() -> None:
    server = Server()
    assert server.call()[1]["tenant"] == "tenant-a"
    assert server.call(method="GET", path="/public")[0] == 401


def test_headers_are_read_in_any_case() -> None:
    _, _, headers = Server().call(x_CORRELATION_id="corr-2")
    assert headers["X-Correlation-ID"] == "corr-2"


@pytest.mark.parametrize("given", ["a", "A-1_b.c:d", "x" * 128])
def test_a_safe_correlation_id_is_kept(given: str) -> None:
    assert read_correlation_id({"x-correlation-id": given}) == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "a\n", "ü", "<a>"])
def test_an_unsafe_correlation_id_is_replaced(given: str) -> None:
    assert is_id(read_correlation_id({"x-correlation-id": given}))
