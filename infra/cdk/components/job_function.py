"""One Lambda function of the task queue, described once: role, logs, tracing, environment, code and layer."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.cdk.components.access import Access
from infra.cdk.components.code_assets import REPOSITORY, PackageSource, packaged
from infra.cdk.data_plane import Network
from infra.cdk.stages import Stage

ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}

NETWORK_INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
)


class DuplicateVariableError(ValueError):
    """Two pieces of access set the same environment variable."""


class JobFunction(Construct):
    """The function `functions/<name>/`, with a role of its own that holds what `access` says and no more."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        description: str,
        stage: Stage,
        layer: lambda_.ILayerVersion,
        network: Network | None,
        access: Sequence[Access],
        timeout_seconds: int,
        memory_megabytes: int,
        reserved_concurrency: int | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        function_name = f"smartqueue-{stage.name}-{name}"
        log_group = logs.LogGroup(
            self,
            "Logs",
            log_group_name=f"/aws/lambda/{function_name}",
            retention=stage.log_retention,
            removal_policy=cdk.RemovalPolicy.RETAIN if stage.keeps_data else cdk.RemovalPolicy.DESTROY,
        )
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {function_name} may do.",
        )
        log_group.grant_write(self.role)
        for piece in access:
            for secret in piece.secrets:
                secret.resource.grant_read(self.role)
            for statement in piece.statements:
                self.role.add_to_policy(statement)
        if network:
            # EC2 has no narrower resource for the interfaces that Lambda makes in a VPC.
            self.role.add_to_policy(iam.PolicyStatement(actions=list(NETWORK_INTERFACE_ACTIONS), resources=["*"]))
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=ARCHITECTURES[stage.architecture],
            handler=f"functions.{name}.handler.lambda_handler",
            code=packaged(PackageSource(folder=REPOSITORY / "functions" / name, prefix=f"functions/{name}")),
            layers=[layer],
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=cdk.Duration.seconds(timeout_seconds),
            memory_size=memory_megabytes,
            reserved_concurrent_executions=reserved_concurrency,
            environment=_environment(name, stage, access),
            vpc=network.vpc if network else None,
            vpc_subnets=network.subnets if network else None,
            security_groups=_security_groups(network),
        )


def _environment(name: str, stage: Stage, access: Sequence[Access]) -> dict[str, str]:
    environment = {
        "STAGE": stage.name,
        "POWERTOOLS_SERVICE_NAME": name,
        "POWERTOOLS_METRICS_NAMESPACE": "SmartTaskQueue",
        "POWERTOOLS_LOG_LEVEL": "INFO",
    }
    for piece in access:
        if twice := environment.keys() & piece.variables.keys():
            raise DuplicateVariableError(f"{name} is given {', '.join(sorted(twice))} twice")
        environment.update(piece.variables)
    return environment


def _security_groups(network: Network | None) -> list[ec2.ISecurityGroup] | None:
    return [network.security_group] if network else None
