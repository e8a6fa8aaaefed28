"""The HTTP API: a table of routes, each answered by a function."""

from collections.abc import Mapping, Sequence

import aws_cdk as cdk
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infra.cdk.components.gateway_responses import add_gateway_responses
from infra.cdk.components.job_function import JobFunction
from infra.cdk.components.log_group import new_log_group
from infra.cdk.routes import Route
from infra.cdk.settings import StageSettings

STAGE_NAME = "v1"
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
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=f"smartqueue-{stage.name}",
            description="Submit jobs, follow them, and replay those that failed.",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=stage.api.access_logs,
            deploy_options=self._deploy_options(stage),
            default_cors_preflight_options=_cors(stage),
        )
        if stage.api.pinned_id:
            # ministack reads the first tag, LocalStack the second.
            for tag in ("ms-custom-id", "_custom_id_"):
                cdk.Tags.of(self.api).add(tag, stage.api.pinned_id, include_resource_types=["AWS::ApiGateway::RestApi"])
        add_gateway_responses(self, self.api)
        token = apigateway.TokenAuthorizer(
            self,
            "TokenAuthorizer",
            handler=authorizer.function,
            identity_source=apigateway.IdentitySource.header("Authorization"),
            validation_regex="^Bearer .+",
            results_cache_ttl=cdk.Duration.seconds(stage.api.authorizer_cache_seconds),
        )
        integrations = {
            name: apigateway.LambdaIntegration(function.function, proxy=True, scope_permission_to_method=False)
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

    def _deploy_options(self, stage: StageSettings) -> apigateway.StageOptions:
        return apigateway.StageOptions(
            stage_name=STAGE_NAME,
            throttling_rate_limit=stage.api.requests_per_second,
            throttling_burst_limit=stage.api.burst,
            tracing_enabled=True,
            metrics_enabled=True,
            # Bodies hold passwords and tenants' data.
            data_trace_enabled=False,
            access_log_destination=self._access_log(stage) if stage.api.access_logs else None,
            access_log_format=(
                apigateway.AccessLogFormat.json_with_standard_fields(
                    caller=False,
                    http_method=True,
                    ip=True,
                    protocol=True,
                    request_time=True,
                    resource_path=True,
                    response_length=True,
                    status=True,
                    user=False,
                )
                if stage.api.access_logs
                else None
            ),
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
