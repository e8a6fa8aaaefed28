"""One Lambda function of the task queue, described once: role, logs, tracing, environment, code and layer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypedDict

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.cdk.components.access import Access
from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.code_assets import function_code
from infra.cdk.components.error_alarm import new_error_alarm
from infra.cdk.components.log_group import new_log_group
from infra.cdk.components.release import ALIAS, Release, Rollout
from infra.cdk.components.secret_rights import allow_reading
from infra.cdk.data_plane import Network
from infra.cdk.settings import StageSettings

ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}

NETWORK_INTERFACE_ACTIONS = (
    "ec2:CreateNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeVpcs",
)


class Placement(StrEnum):
    """Where a function runs, where the stage has a network at all."""

    OUTSIDE = "outside"
    """Not in the VPC: for what needs no data service."""
    CLOSED = "closed"
    """In the VPC, without the internet."""
    OPEN = "open"
    """In the VPC, with a way out to the internet."""


class _InNetwork(TypedDict, total=False):
    vpc: ec2.IVpc
    vpc_subnets: ec2.SubnetSelection
    security_groups: list[ec2.ISecurityGroup]


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
        stage: StageSettings,
        layer: lambda_.ILayerVersion,
        network: Network | None,
        access: Sequence[Access],
        timeout_seconds: int,
        placement: Placement = Placement.CLOSED,
        rollout: Rollout | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = name
        function_name = f"smartqueue-{stage.name}-{name}"
        log_group = new_log_group(self, "Logs", name=f"/aws/lambda/{function_name}", stage=stage)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"What the function {function_name} may do.",
        )
        log_group.grant_write(self.role)
        for piece in access:
            for secret in piece.secrets:
                allow_reading(self.role, secret)
            for statement in piece.statements:
                self.role.add_to_policy(statement)
        if network and placement is not Placement.OUTSIDE:
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
            code=function_code(name, stage),
            layers=[layer],
            role=self.role,
            log_group=log_group,
            tracing=lambda_.Tracing.ACTIVE,
            timeout=cdk.Duration.seconds(timeout_seconds),
            memory_size=stage.function(name).memory_megabytes,
            reserved_concurrent_executions=stage.function(name).reserved_concurrency,
            environment=_environment(name, stage, access),
            snap_start=(
                lambda_.SnapStartConf.ON_PUBLISHED_VERSIONS if rollout and stage.function(name).snap_start else None
            ),
            # Earlier versions are the way back, where a stage keeps things.
            current_version_options=lambda_.VersionOptions(removal_policy=stage.removal_policy),
            **_place(network, placement),
        )
        self.target: lambda_.IFunction = self.function
        if rollout:
            self.target = Release(
                self, "Release", stage=stage, function=self.function, name=name, rollout=rollout
            ).alias
        elif stage.deployment:
            new_error_alarm(self, "Errors", stage=stage, function=name, alias=None)
        calls = lambda_.EventInvokeConfig(
            self,
            "AsyncCalls",
            function=self.function,
            qualifier=ALIAS if rollout else None,
            max_event_age=cdk.Duration.seconds(60),
            # Callers, mappings and the clock come again by themselves; a repeat in between would only crowd them.
            retry_attempts=0,
        )
        # It knows the alias by name only, and Lambda refuses it before the alias is there.
        calls.node.add_dependency(self.target)
        self._acknowledge_findings()

    def _acknowledge_findings(self) -> None:
        acknowledge(
            self.role,
            "AwsSolutions-IAM5[Resource::*]",
            "X-Ray knows no resources for traces, nor EC2 any for the interfaces that Lambda makes in a VPC.",
        )
        for rule in ("AwsSolutions-L1", "Serverless-LambdaLatestVersion"):
            acknowledge(
                self.function,
                rule,
                "The packages are locked, compiled and tested for this runtime, which AWS supports until 2029.",
            )
        for rule in ("Serverless-LambdaDLQ", "Serverless-LambdaAsyncFailureDestination"):
            acknowledge(
                self,
                rule,
                "Whoever calls it comes again or hears of the failure: clients of the API, mappings that repeat a "
                "batch or report it, the clock, Secrets Manager, a deployment.",
            )


def _environment(name: str, stage: StageSettings, access: Sequence[Access]) -> dict[str, str]:
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


def _place(network: Network | None, placement: Placement) -> _InNetwork:
    if network is None or placement is Placement.OUTSIDE:
        return {}
    is_open = placement is Placement.OPEN
    return {
        "vpc": network.vpc,
        "vpc_subnets": network.open_subnets if is_open else network.closed_subnets,
        "security_groups": [network.open_group if is_open else network.closed_group],
    }
