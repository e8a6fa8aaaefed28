"""The errors that API Gateway answers itself, in the shape of the functions' own (RFC 9457 problem+json)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One error of the gateway; without a status, the gateway's own status is kept and not repeated."""

    response: str
    status: int | None
    title: str
    detail: str
    headers: Mapping[str, str] = field(default_factory=dict)


PROBLEMS = (
    Problem(
        response="UNAUTHORIZED",
        status=401,
        title="Unauthorized",
        detail="Send a valid access token: Authorization: Bearer <token>.",
        headers={"WWW-Authenticate": "'Bearer'"},
    ),
    Problem(
        response="ACCESS_DENIED",
        status=403,
        title="Forbidden",
        detail="Your role does not allow this; GET /docs says which does.",
    ),
    # What AWS's rules of the firewall stop; our own rules there have answers of their own.
    Problem(
        response="WAF_FILTERED",
        status=403,
        title="Forbidden",
        detail="The firewall takes this request for an attack.",
    ),
    # API Gateway gives this name to every path and method that it does not know.
    Problem(
        response="MISSING_AUTHENTICATION_TOKEN",
        status=404,
        title="Not Found",
        detail="There is no such path, or it does not have this method.",
    ),
    Problem(
        response="REQUEST_TOO_LARGE",
        status=413,
        title="Content Too Large",
        detail="The request is larger than the API accepts.",
    ),
    Problem(
        response="THROTTLED",
        status=429,
        title="Too Many Requests",
        detail="Slow down, then try again.",
        headers={"Retry-After": "'1'"},
    ),
    Problem(
        response="AUTHORIZER_FAILURE",
        status=500,
        title="Internal Server Error",
        detail="The access token could not be checked.",
    ),
    Problem(
        response="INTEGRATION_FAILURE",
        status=502,
        title="Bad Gateway",
        detail="The service did not answer; whether the request took effect is unknown.",
    ),
    Problem(
        response="INTEGRATION_TIMEOUT",
        status=504,
        title="Gateway Timeout",
        detail="The service took too long; whether the request took effect is unknown.",
    ),
    Problem(response="DEFAULT_4XX", status=None, title="Bad Request", detail="The API cannot accept this request."),
    Problem(response="DEFAULT_5XX", status=None, title="Internal Server Error", detail="Something went wrong here."),
)


def add_gateway_responses(scope: Construct, api: apigateway.RestApi, *, origins: Sequence[str] = ()) -> None:
    """Give `api` one response per problem, which pages of `origins` may read."""
    for problem in PROBLEMS:
        apigateway.GatewayResponse(
            scope,
            "".join(word.capitalize() for word in problem.response.split("_")),
            rest_api=api,
            type=apigateway.ResponseType.of(problem.response),
            status_code=str(problem.status) if problem.status else None,
            response_headers={
                "Content-Type": "'application/problem+json'",
                "X-Correlation-ID": "context.requestId",
                **_cors_headers(origins),
                **problem.headers,
            },
            # API Gateway takes the application/json template whatever the request accepts.
            templates={"application/json": _body(problem)},
        )


def _cors_headers(origins: Sequence[str]) -> dict[str, str]:
    if not origins:
        return {}
    # A gateway cannot choose from a list. An error tells a page nothing: it holds no data, and tokens are no cookies.
    origin = f"'{origins[0]}'" if len(origins) == 1 else "method.request.header.Origin"
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "'X-Correlation-ID, Retry-After'",
        "Vary": "'Origin'",
    }


def _body(problem: Problem) -> str:
    body: dict[str, object] = {"type": "about:blank", "title": problem.title}
    if problem.status:
        body["status"] = problem.status
    body["detail"] = problem.detail
    body["correlationId"] = "$context.requestId"
    return json.dumps(body)
