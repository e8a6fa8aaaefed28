"""Runs the SQL migrations as part of a deployment."""

import hashlib

import aws_cdk as cdk
from constructs import Construct

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.components.job_function import JobFunction

SERVICE_TIMEOUT_SECONDS = 150


class Migration(Construct):
    """A custom resource that invokes `function` whenever a migration was added.

    Let whatever needs the new schema depend on this construct.
    """

    def __init__(self, scope: Construct, construct_id: str, *, function: JobFunction) -> None:
        super().__init__(scope, construct_id)
        self.resource = cdk.CustomResource(
            self,
            "Schema",
            resource_type="Custom::DatabaseSchema",
            service_token=function.function.function_arn,
            # Without this, a handler that dies unheard holds the deployment for an hour.
            service_timeout=cdk.Duration.seconds(SERVICE_TIMEOUT_SECONDS),
            properties={"MigrationsHash": migrations_hash()},
        )
        # A role without its policy cannot read the database's secret.
        self.resource.node.add_dependency(function.role)


def migrations_hash() -> str:
    """A hash over the names and contents of all migrations."""
    digest = hashlib.sha256()
    for path in sorted((REPOSITORY / "functions" / "migrate" / "migrations").glob("*.sql")):
        digest.update(f"\0{path.name}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
