"""The HTTP API: its routes, who may use them, and how it says no."""

import json

from infra.cdk.routes import ROUTES
from tests.infra.assembly import Assembly, Resource

PUBLIC = {
    ("POST", "/auth/register"),
    ("POST", "/auth/login"),
    ("GET", "/metrics"),
    ("GET", "/docs"),
    ("GET", "/openapi.json"),
}


def test_the_api_has_exactly_the_routes_of_the_table(local: Assembly) -> None:
    assert sorted(_methods(local)) == sorted((route.method, route.path) for route in ROUTES)


def test_each_route_leads_to_its_function(local: Assembly) -> None:
    methods = _methods(local)
    resources = local.template("Service")["Resources"]
    for route in ROUTES:
        uri = methods[route.method, route.path]["Integration"]["Uri"]["Fn::Join"][1]
        (logical_id,) = [part["Fn::GetAtt"][0] for part in uri if isinstance(part, dict) and "Fn::GetAtt" in part]
        assert resources[logical_id] == local.functions[route.function]


def test_every_route_asks_for_a_token_unless_it_is_public(local: Assembly) -> None:
    public = {key for key, method in _methods(local).items() if method["AuthorizationType"] == "NONE"}
    assert public == PUBLIC


def test_only_bearer_tokens_reach_the_authorizer(local: Assembly) -> None:
    (authorizer,) = local.resources("Service", "AWS::ApiGateway::Authorizer").values()
    assert authorizer["Properties"]["Type"] == "TOKEN"
    assert authorizer["Properties"]["IdentitySource"] == "method.request.header.Authorization"
    assert authorizer["Properties"]["IdentityValidationExpression"] == "^Bearer .+"


def test_the_gateways_own_errors_are_problem_documents(local: Assembly) -> None:
    responses = {
        response["Properties"]["ResponseType"]: response["Properties"]
        for response in local.resources("Service", "AWS::ApiGateway::GatewayResponse").values()
    }
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "DEFAULT_4XX", "DEFAULT_5XX"} <= responses.keys()
    assert responses["MISSING_AUTHENTICATION_TOKEN"]["StatusCode"] == "404"
    for properties in responses.values():
        problem = json.loads(properties["ResponseTemplates"]["application/json"])
        headers = properties["ResponseParameters"]
        assert headers["gatewayresponse.header.Content-Type"] == "'application/problem+json'"
        assert headers["gatewayresponse.header.X-Correlation-ID"] == "context.requestId"
        assert problem["correlationId"] == "$context.requestId"
        assert str(problem.get("status", "")) == properties.get("StatusCode", "")
        assert problem["title"]
        assert problem["detail"]


def test_the_local_api_has_an_address_that_never_changes(local: Assembly) -> None:
    (api,) = local.resources("Service", "AWS::ApiGateway::RestApi").values()
    tags = {tag["Key"]: tag["Value"] for tag in api["Properties"]["Tags"]}
    assert tags["ms-custom-id"] == tags["_custom_id_"] == "smartqueue"
    (stage,) = local.resources("Service", "AWS::ApiGateway::Stage").values()
    assert stage["Properties"]["StageName"] == "v1"


def test_bodies_are_never_logged(cloud: Assembly) -> None:
    (stage,) = cloud.resources("Service", "AWS::ApiGateway::Stage").values()
    assert [settings["DataTraceEnabled"] for settings in stage["Properties"]["MethodSettings"]] == [False]
    assert "authorizer" not in stage["Properties"]["AccessLogSetting"]["Format"]


def test_browsers_are_let_in_only_from_listed_origins(local: Assembly, cloud: Assembly) -> None:
    assert not [method for method, _ in _methods(local) if method == "OPTIONS"]
    preflights = [properties for (method, _), properties in _methods(cloud).items() if method == "OPTIONS"]
    assert preflights
    assert all("https://console.example.com" in json.dumps(preflight) for preflight in preflights)


def _methods(assembly: Assembly) -> dict[tuple[str, str], Resource]:
    resources = assembly.resources("Service", "AWS::ApiGateway::Resource")

    def path(logical_id: str) -> str:
        if logical_id not in resources:
            return ""
        properties = resources[logical_id]["Properties"]
        parent = properties["ParentId"].get("Ref", "")
        return f"{path(parent)}/{properties['PathPart']}"

    return {
        (method["Properties"]["HttpMethod"], path(method["Properties"]["ResourceId"].get("Ref", ""))): method[
            "Properties"
        ]
        for method in assembly.resources("Service", "AWS::ApiGateway::Method").values()
    }
