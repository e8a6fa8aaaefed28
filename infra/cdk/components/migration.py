"""Runs the SQL migrations as part of a deployment."""

import aws_cdk as cdk
from constructs import Construct

from infra.cdk.components.code_assets import function_source
from infra.cdk.components.job_function import JobFunction
from infra.cdk.data_plane import Endpoint

SERVICE_TIMEOUT_SECONDS = 150


class Migration(Construct):
    """A custom resource that invokes `function` whenever its code or the database server is another.

    Let whatever needs the new schema depend on this construct.
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: JobFunction, server: Endpoint) -> None:
        super().__init__(scope, construct_id)
        self.resource = cdk.CustomResource(
            self,
            "Schema",
            resource_type="Custom::DatabaseSchema",
            service_token=function.function.function_arn,
            # Without this, a handler that dies unheard holds the deployment for an hour.
            service_timeout=cdk.Duration.seconds(SERVICE_TIMEOUT_SECONDS),
            properties={
                # Any change of the function: besides migrations it makes the roles.
                "Function": function_source("migrate", None).fingerprint(),
                "Server": server.host,
            },
        )
        # A role without its policy cannot read the database's secret.
        self.resource.node.add_dependency(function.role)
