"""CORS on answers: a page of an allowed origin may read all of them, also the refusals; nobody else any."""

import importlib
import json
from collections.abc import Callable
from typing import Any

import pytest

import functions.docs.handler
import functions.submit.handler
from functions.docs.settings import Settings as DocsSettings
from functions.submit.settings import Settings as SubmitSettings
from smartqueue.settings import CorsSettings, TokenSettings
from smartqueue.tokens import Tokens

APP, ADMIN, STRANGER = "https://app.example.com", "https://admin.example.com:8443", "https://evil.example"
ALLOW, EXPOSE = "Access-Control-Allow-Origin", "Access-Control-Expose-Headers"
SUBMIT = {
    "STAGE": "test",
    "DATABASE_HOST": "localhost",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "smartqueue",
    "DATABASE_TLS": "true",
    "DATABASE_SECRET_ID": "db",
    "CACHE_HOST": "localhost",
    "CACHE_PORT": "6379",
    "CACHE_TLS": "true",
    "KAFKA_BOOTSTRAP": "localhost:9098",
    "KAFKA_SECURITY": "AWS_MSK_IAM",
    "TOKEN_SECRET_ID": "token",
}


class Context:
    aws_request_id = "request-1"


def api_event(method: str, resource: str, headers: dict[str, str], body: str | None = None) -> dict[str, Any]:
    """An event as API Gateway's REST API sends it."""
    return {
        "resource": resource,
        "path": resource,
        "httpMethod": method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourceId": "2gxmpl",
            "resourcePath": resource,
            "httpMethod": method,
            "extendedRequestId": "JJbxmplHYosFVYQ=",
            "requestTime": "10/Mar/2026:00:03:59 +0000",
            "path": f"/v1{resource}",
            "accountId": "123456789012",
            "protocol": "HTTP/1.1",
            "stage": "v1",
            "domainPrefix": "70ixmpl4fl",
            "requestTimeEpoch": 1583798639428,
            "requestId": "77375676-xmpl-4b79-853a-f982474efe18",
            "identity": {"sourceIp": "52.255.255.12", "userAgent": "curl/8.5.0"},
            "domainName": "70ixmpl4fl.execute-api.us-east-1.amazonaws.com",
            "apiId": "70ixmpl4fl",
        },
        "body": body,
        "isBase64Encoded": False,
    }


@pytest.fixture
def allow(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Tells the functions which origins are allowed."""

    def tell(origins: str) -> None:
        documented = DocsSettings(stage="test", cors_origins=origins)
        monkeypatch.setitem(vars(functions.docs.handler.environment), "settings", documented)
        submitting = SubmitSettings.from_environment({**SUBMIT, "CORS_ORIGINS": origins})
        monkeypatch.setitem(vars(functions.submit.handler.environment), "settings", submitting)
        tokens = Tokens(TokenSettings(token_secret_id="token"))
        monkeypatch.setitem(vars(functions.submit.handler.environment), "tokens", tokens)

    return tell


def read(origin: str | None) -> dict[str, list[str]]:
    event = api_event("GET", "/openapi.json", {"origin": origin} if origin else {})
    answer = functions.docs.handler.lambda_handler(event, Context())
    assert answer["statusCode"] == 200
    headers: dict[str, list[str]] = answer["multiValueHeaders"]
    return headers


def submit(headers: dict[str, str]) -> tuple[int, dict[str, list[str]]]:
    sent = {"Content-Type": "application/json", **headers}
    answer = functions.submit.handler.lambda_handler(api_event("POST", "/jobs", sent, "{}"), Context())
    assert json.loads(answer["body"])["status"] == answer["statusCode"]
    return answer["statusCode"], answer["multiValueHeaders"]


@pytest.mark.parametrize("origin", [APP, ADMIN])
def test_a_page_of_an_allowed_origin_may_read_answers_and_what_they_say_in_headers(
    allow: Callable[[str], None], origin: str
) -> None:
    allow(f"{APP}, {ADMIN}")
    headers = read(origin)
    assert headers[ALLOW] == [origin]
    assert headers["Vary"] == ["Origin"]
    assert headers[EXPOSE] == ["X-Correlation-ID, Idempotency-Replayed, Retry-After"]


@pytest.mark.parametrize(
    "origin", [STRANGER, None, "null", APP.upper(), f"{APP}:444", f"{APP}.evil.example", f"{APP},{ADMIN}"]
)
def test_no_other_page_may_and_caches_are_told_to_keep_them_apart(
    allow: Callable[[str], None], origin: str | None
) -> None:
    allow(f"{APP},{ADMIN}")
    headers = read(origin)
    assert ALLOW not in headers
    assert EXPOSE not in headers
    assert headers["Vary"] == ["Origin"]


@pytest.mark.parametrize("origin", [APP, None])
def test_without_allowed_origins_there_is_no_cors_at_all(allow: Callable[[str], None], origin: str | None) -> None:
    allow("")
    assert {ALLOW, EXPOSE, "Vary"} & read(origin).keys() == set()


def test_every_page_may_where_all_are_allowed(allow: Callable[[str], None]) -> None:
    allow("*")
    assert read(STRANGER)[ALLOW] == [STRANGER]
    assert ALLOW not in read(None)


@pytest.mark.parametrize("name", ["Origin", "origin"])
def test_refusals_can_be_read_too(allow: Callable[[str], None], name: str) -> None:
    allow(APP)
    status, headers = submit({name: APP})
    assert (status, headers[ALLOW], headers["Vary"]) == (401, [APP], ["Origin"])
    status, headers = submit({name: STRANGER})
    assert (status, headers.get(ALLOW)) == (401, None)


def test_an_answer_is_for_no_cache_to_keep(allow: Callable[[str], None]) -> None:
    allow("")
    assert read(None)["Cache-Control"] == ["no-store"]
    assert submit({})[1]["Cache-Control"] == ["no-store"]


def test_settings_that_cannot_be_read_are_a_problem_with_the_correlation_id(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STAGE", raising=False)
    assert "settings" not in vars(functions.docs.handler.environment)
    event = api_event("GET", "/openapi.json", {"Origin": APP, "X-Correlation-ID": "corr-1"})
    answer = functions.docs.handler.lambda_handler(event, Context())
    assert (answer["statusCode"], answer["multiValueHeaders"]["X-Correlation-ID"]) == (500, ["corr-1"])
    assert ALLOW not in answer["multiValueHeaders"]


@pytest.mark.parametrize("function", ["auth", "submit", "query", "replay", "metrics", "docs"])
def test_every_function_that_answers_the_api_knows_its_origins(function: str) -> None:
    handler = importlib.import_module(f"functions.{function}.handler")
    assert issubclass(handler.Settings, CorsSettings)
    assert handler.api._allowed_origins == handler.environment.allowed_origins
