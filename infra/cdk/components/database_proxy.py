"""RDS Proxy: many functions share few connections of the database."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.cdk.components.log_group import new_log_group
from infra.cdk.data_plane import Endpoint, SharedSecret
from infra.cdk.settings import StageSettings

PORT = 5432
BORROW_SECONDS = 5
"""How long a caller waits for a free connection: less than an API call lasts, where RDS's own 120 seconds are more."""


class DatabaseProxy(Construct):
    """Takes the same passwords as the server, over TLS alone; `endpoint` says where it listens.

    Not IAM: functions have passwords either way, and one way to log in is enough. The owner has no access through it:
    migrations lock and set what a shared connection must not keep.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        instance: rds.DatabaseInstance,
        roles: list[SharedSecret],
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"smartqueue-{stage.name}"
        # RDS would make it itself, to be kept for ever.
        log_group = new_log_group(self, "Logs", name=f"/aws/rds/proxy/{name}", stage=stage)
        proxy = rds.DatabaseProxy(
            self,
            "Proxy",
            db_proxy_name=name,
            proxy_target=rds.ProxyTarget.from_instance(instance),
            secrets=[secret.resource for secret in roles],
            iam_auth=False,
            client_password_auth_type=rds.ClientPasswordAuthType.POSTGRES_SCRAM_SHA_256,
            require_tls=True,
            borrow_timeout=cdk.Duration.seconds(BORROW_SECONDS),
            idle_client_timeout=cdk.Duration.minutes(15),
            # The rest is for the owner and for people, who go to the server itself.
            max_connections_percent=90,
            session_pinning_filters=[rds.SessionPinningFilter.EXCLUDE_VARIABLE_SETS],
            vpc=vpc,
            vpc_subnets=subnets,
            security_groups=[group],
        )
        proxy.node.add_dependency(log_group)
        self.endpoint = Endpoint(host=proxy.endpoint, port=str(PORT))
