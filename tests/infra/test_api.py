"""The HTTP API: its routes, who may use them, and how it says no."""

import json

import pytest

from infra.cdk.app import add_stacks
from infra.cdk.routes import ROUTES
from infra.cdk.stages import LOCAL
from tests.infra.assembly import Assembly, Resource
from tests.infra.conftest import synthesised

CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/1"
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
    assert authorizer["Properties"]["IdentityValidationExpression"] == "^[Bb][Ee][Aa][Rr][Ee][Rr] +.+"


def test_the_gateways_own_errors_are_problem_documents(local: Assembly) -> None:
    responses = {
        response["Properties"]["ResponseType"]: response["Properties"]
        for response in local.resources("Service", "AWS::ApiGateway::GatewayResponse").values()
    }
    assert {"UNAUTHORIZED", "ACCESS_DENIED", "WAF_FILTERED", "DEFAULT_4XX", "DEFAULT_5XX"} <= responses.keys()
    assert responses["WAF_FILTERED"]["StatusCode"] == "403"
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


def test_every_request_is_logged_without_bodies_and_tokens(prod: Assembly) -> None:
    (stage,) = prod.resources("Service", "AWS::ApiGateway::Stage").values()
    assert {settings["DataTraceEnabled"] for settings in stage["Properties"]["MethodSettings"]} == {False}
    line = json.loads(stage["Properties"]["AccessLogSetting"]["Format"])
    assert {"requestId", "ip", "resource", "status", "milliseconds", "authorizerError", "waf"} <= line.keys()
    assert not [value for value in line.values() if "header" in value or "body" in value or "query" in value]


def test_passwords_are_tried_slower_than_jobs_are_sent(prod: Assembly) -> None:
    (stage,) = prod.resources("Service", "AWS::ApiGateway::Stage").values()
    limits = {
        (settings["HttpMethod"], settings["ResourcePath"]): settings["ThrottlingRateLimit"]
        for settings in stage["Properties"]["MethodSettings"]
    }
    assert limits == {
        ("*", "/*"): 500,
        ("POST", "/~1auth~1login"): 50,
        ("POST", "/~1auth~1register"): 50,
        ("POST", "/~1jobs"): 500,
    }


def test_only_the_method_that_alarms_watch_has_metrics_of_its_own(prod: Assembly) -> None:
    (stage,) = prod.resources("Service", "AWS::ApiGateway::Stage").values()
    measured = [
        settings["ResourcePath"] for settings in stage["Properties"]["MethodSettings"] if settings.get("MetricsEnabled")
    ]
    assert measured == ["/~1jobs"]


def test_browsers_are_let_in_only_from_listed_origins(local: Assembly, named: Assembly) -> None:
    assert not [method for method, _ in _methods(local) if method == "OPTIONS"]
    preflights = [properties for (method, _), properties in _methods(named).items() if method == "OPTIONS"]
    assert preflights
    assert all("https://console.example.com" in json.dumps(preflight) for preflight in preflights)


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A service whose name is kept elsewhere, with a certificate of its own, that two web pages call."""
    stage = LOCAL.with_values(
        {
            "api.domain-name": "jobs.example.com",
            "api.certificate-arn": CERTIFICATE,
            "api.cors-origins": "https://a.example.com,https://b.example.com",
        }
    )
    return synthesised(tmp_path_factory.mktemp("elsewhere"), stage, add_stacks, bundle=False)


def test_pages_of_each_of_several_origins_are_told_that_it_is_theirs(elsewhere: Assembly) -> None:
    preflights = [properties for (method, _), properties in _methods(elsewhere).items() if method == "OPTIONS"]
    assert preflights
    for origin in ("https://a.example.com", "https://b.example.com"):
        assert all(origin in json.dumps(preflight) for preflight in preflights)
    for response in elsewhere.resources("Service", "AWS::ApiGateway::GatewayResponse").values():
        headers = response["Properties"]["ResponseParameters"]
        assert headers["gatewayresponse.header.Access-Control-Allow-Origin"] == "method.request.header.Origin"
        assert headers["gatewayresponse.header.Vary"] == "'Origin'"


def test_a_name_that_is_kept_elsewhere_is_told_where_to_point(elsewhere: Assembly) -> None:
    (domain,) = elsewhere.resources("Service", "AWS::ApiGateway::DomainName").values()
    assert domain["Properties"]["RegionalCertificateArn"] == CERTIFICATE
    assert elsewhere.template("Service")["Outputs"]["ApiDomainTarget"]
    assert not elsewhere.resources("Service", "AWS::CertificateManager::Certificate")
    assert not elsewhere.resources("Service", "AWS::Route53::RecordSet")


def test_pages_may_read_the_gateways_own_errors(local: Assembly, named: Assembly) -> None:
    header = "gatewayresponse.header.Access-Control-Allow-Origin"

    def origins(assembly: Assembly) -> set[str | None]:
        found = assembly.resources("Service", "AWS::ApiGateway::GatewayResponse").values()
        return {response["Properties"]["ResponseParameters"].get(header) for response in found}

    assert origins(local) == {None}
    assert origins(named) == {"'https://console.example.com'"}


@pytest.mark.parametrize("name", ["auth", "submit", "query", "replay", "metrics", "docs"])
def test_whoever_answers_knows_the_origins(named: Assembly, name: str) -> None:
    assert named.environment(name)["CORS_ORIGINS"] == "https://console.example.com"


def test_a_name_of_ones_own_replaces_the_gateways_address(named: Assembly, prod: Assembly) -> None:
    (domain,) = named.resources("Service", "AWS::ApiGateway::DomainName").values()
    (certificate,) = named.resources("Service", "AWS::CertificateManager::Certificate").values()
    (record,) = named.resources("Service", "AWS::Route53::RecordSet").values()
    (api,) = named.resources("Service", "AWS::ApiGateway::RestApi").values()
    assert domain["Properties"]["SecurityPolicy"] == "TLS_1_2"
    assert certificate["Properties"]["ValidationMethod"] == "DNS"
    assert record["Properties"]["Name"] == "jobs.example.com."
    assert api["Properties"]["DisableExecuteApiEndpoint"] is True
    assert named.template("Service")["Outputs"]["ApiUrl"]["Value"] == "https://jobs.example.com/"
    assert not prod.resources("Service", "AWS::ApiGateway::DomainName")


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
