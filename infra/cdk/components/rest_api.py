"""The HTTP API: a table of routes, each answered by a function."""

import json
from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.domain import add_name, domain_options
from infra.cdk.components.firewall import Firewall
from infra.cdk.components.gateway_responses import add_gateway_responses
from infra.cdk.components.job_function import JobFunction
from infra.cdk.components.log_group import new_log_group
from infra.cdk.routes import Route
from infra.cdk.settings import StageSettings

STAGE_NAME = "v1"
GUESSABLE = ("/auth/register/POST", "/auth/login/POST")
"""What strangers may call, and what costs a password's hash each time."""
GUESSABLE_SHARE = 0.1
WATCHED = "/jobs/POST"
"""The one method with metrics of its own, which cost by the method; the API as a whole has them for nothing."""
LOGGED = {
    "requestId": "$context.requestId",
    "time": "$context.requestTime",
    "ip": "$context.identity.sourceIp",
    "userAgent": "$context.identity.userAgent",
    "method": "$context.httpMethod",
    "resource": "$context.resourcePath",
    "path": "$context.path",
    "status": "$context.status",
    "bytes": "$context.responseLength",
    "milliseconds": "$context.responseLatency",
    "functionMilliseconds": "$context.integrationLatency",
    "functionStatus": "$context.integrationStatus",
    "authorizerError": "$context.authorizer.error",
    "error": "$context.error.responseType",
    "waf": "$context.waf.status",
}
"""One line of JSON for each request; never a token, a query or a body."""
CORS_HEADERS = ["Authorization", "Content-Type", "Idempotency-Key", "X-Correlation-ID"]


class RestApi(Construct):
    """A regional REST API whose routes ask for a bearer token unless they are public."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        routes: Sequence[Route],
        functions: Mapping[str, JobFunction],
        authorizer: JobFunction,
    ) -> None:
        super().__init__(scope, construct_id)
        self._domain_name = stage.api.domain_name
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=f"smartqueue-{stage.name}",
            description="Submit jobs, follow them, and replay those that failed.",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=stage.api.access_logs,
            cloud_watch_role_removal_policy=stage.removal_policy if stage.api.access_logs else None,
            deploy_options=self._deploy_options(stage),
            default_cors_preflight_options=_cors(stage),
            **domain_options(self, stage.api),
        )
        add_name(self, self.api, stage.api)
        if stage.api.firewall:
            Firewall(self, "Firewall", stage=stage, settings=stage.api.firewall, api=self.api)
        _acknowledge_findings(self.api)
        if stage.api.pinned_id:
            # ministack reads the first tag, LocalStack the second.
            for tag in ("ms-custom-id", "_custom_id_"):
                cdk.Tags.of(self.api).add(tag, stage.api.pinned_id, include_resource_types=["AWS::ApiGateway::RestApi"])
        add_gateway_responses(self, self.api, origins=stage.api.cors_origins)
        token = apigateway.TokenAuthorizer(
            self,
            "TokenAuthorizer",
            handler=authorizer.target,
            identity_source=apigateway.IdentitySource.header("Authorization"),
            # RFC 9110, section 11.1: the name of a scheme is told apart without regard to case.
            validation_regex="^[Bb][Ee][Aa][Rr][Ee][Rr] +.+",
            results_cache_ttl=cdk.Duration.seconds(stage.api.authorizer_cache_seconds),
        )
        integrations = {
            name: apigateway.LambdaIntegration(function.target, proxy=True, scope_permission_to_method=False)
            for name, function in functions.items()
        }
        for route in routes:
            self.api.root.resource_for_path(route.path).add_method(
                route.method,
                integrations[route.function],
                authorizer=None if route.public else token,
                authorization_type=(
                    apigateway.AuthorizationType.NONE if route.public else apigateway.AuthorizationType.CUSTOM
                ),
            )

    @property
    def url(self) -> str:
        """Where callers reach the API, with a slash at its end."""
        return f"https://{self._domain_name}/" if self._domain_name else self.api.url

    def _deploy_options(self, stage: StageSettings) -> apigateway.StageOptions:
        return apigateway.StageOptions(
            stage_name=STAGE_NAME,
            throttling_rate_limit=stage.api.requests_per_second,
            throttling_burst_limit=stage.api.burst,
            tracing_enabled=True,
            # Bodies hold passwords and tenants' data.
            data_trace_enabled=False,
            access_log_destination=self._access_log(stage) if stage.api.access_logs else None,
            access_log_format=_access_log_format() if stage.api.access_logs else None,
            method_options={
                **{path: self._limits(stage, share=GUESSABLE_SHARE) for path in GUESSABLE},
                WATCHED: self._limits(stage, share=1, has_metrics=True),
            },
        )

    def _limits(
        self, stage: StageSettings, *, share: float, has_metrics: bool = False
    ) -> apigateway.MethodDeploymentOptions:
        """A share of the stage's limits for one method, and whether it has metrics of its own."""
        return apigateway.MethodDeploymentOptions(
            throttling_rate_limit=max(1, int(stage.api.requests_per_second * share)),
            throttling_burst_limit=max(1, int(stage.api.burst * share)),
            metrics_enabled=has_metrics,
            data_trace_enabled=False,
        )

    def _access_log(self, stage: StageSettings) -> apigateway.LogGroupLogDestination:
        return apigateway.LogGroupLogDestination(
            new_log_group(self, "AccessLog", name=f"/smartqueue/{stage.name}/api-access", stage=stage)
        )


def _cors(stage: StageSettings) -> apigateway.CorsOptions | None:
    if not stage.api.cors_origins:
        return None
    return apigateway.CorsOptions(
        allow_origins=list(stage.api.cors_origins),
        allow_headers=CORS_HEADERS,
        max_age=cdk.Duration.hours(1),
    )


def _access_log_format() -> apigateway.AccessLogFormat:
    return apigateway.AccessLogFormat.custom(json.dumps(LOGGED))


def _acknowledge_findings(api: apigateway.RestApi) -> None:
    public = "Some routes are open on purpose: register, log in, documentation, metrics with a credential of their own."
    acknowledge(api, "AwsSolutions-APIG4", public)
    acknowledge(
        api, "AwsSolutions-COG4", "Tokens are our own, checked by a Lambda authorizer and again by each handler."
    )
    acknowledge(
        api, "AwsSolutions-APIG2", "The handlers validate every request and say what to change; a model cannot."
    )
    acknowledge(
        api.deployment_stage,
        "AwsSolutions-APIG6",
        "The access log has one line for each request; execution logs would say it again, at many times the price.",
    )
    acknowledge(
        api,
        "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        "The role is the account's for all its APIs, and this is the policy that AWS keeps for it.",
    )
