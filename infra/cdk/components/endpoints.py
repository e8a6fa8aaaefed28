"""The doors from the VPC to services of AWS: each has a user that could not work without it, and a policy for that use.

Not among them: the services whose calls Lambda makes outside of the VPC (logs, traces, metrics as log lines), and
Kafka, whose tokens are signed without a call.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.cdk.components.seal_bucket import LISTING_SEALS, SEALS_FOLDER, USING_SEALS, seal_bucket
from infra.cdk.settings import NetworkSettings, StageSettings

SECRET_ACTIONS = (
    "secretsmanager:GetSecretValue",
    "secretsmanager:DescribeSecret",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
)


class Endpoints(Construct):
    """S3 for seals and the migration's answer, Secrets Manager for all, Lambda and STS for pollers without an exit."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        settings: NetworkSettings,
        vpc: ec2.Vpc,
        zones: Sequence[str],
        subnet_group: str,
        group: ec2.ISecurityGroup,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._stack = cdk.Stack.of(self)
        self._vpc = vpc
        self._group = group
        self._subnets = ec2.SubnetSelection(
            subnet_group_name=subnet_group, availability_zones=list(zones)[: settings.endpoint_zones]
        )
        self._add_storage(subnet_group)
        self._add_secrets()
        if stage.triggers and not stage.triggers.provisioned:
            self._add_pollers()

    def _add_storage(self, subnet_group: str) -> None:
        """A gateway endpoint costs nothing."""
        storage = self._vpc.add_gateway_endpoint(
            "S3",
            service=ec2.GatewayVpcEndpointAwsService.S3,
            subnets=[ec2.SubnetSelection(subnet_group_name=subnet_group)],
        )
        # A custom resource answers CloudFormation through a bucket of AWS.
        answers = f"cloudformation-custom-resource-response-{self._stage.region.replace('-', '')}"
        storage.add_to_policy(
            iam.PolicyStatement(
                # CloudFormation signed the address with an identity of its own.
                principals=[iam.AnyPrincipal()],
                actions=["s3:PutObject"],
                resources=[f"arn:{self._stack.partition}:s3:::{answers}/*"],
            )
        )
        seals = seal_bucket(self, self._stage).arn
        for actions, resource in (
            (LISTING_SEALS, seals),
            (USING_SEALS, f"{seals}/{SEALS_FOLDER}/*"),
        ):
            storage.add_to_policy(
                iam.PolicyStatement(
                    principals=[iam.AnyPrincipal()],
                    actions=list(actions),
                    resources=[resource],
                    conditions={"StringEquals": {"aws:PrincipalAccount": self._stack.account}},
                )
            )

    def _add_secrets(self) -> None:
        """Functions read their credentials here, and rotation writes them."""
        names = [f"smartqueue/{self._stage.name}/*"]
        if self._stage.model.secret_name:
            names.append(f"{self._stage.model.secret_name}-??????")
        self._add(
            "Secrets",
            ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
            iam.PolicyStatement(
                principals=[iam.AnyPrincipal()],
                actions=list(SECRET_ACTIONS),
                resources=[
                    self._stack.format_arn(
                        service="secretsmanager",
                        resource="secret",
                        resource_name=name,
                        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                    )
                    for name in names
                ],
                conditions={"StringEquals": {"aws:PrincipalAccount": self._stack.account}},
            ),
        )

    def _add_pollers(self) -> None:
        """On-demand pollers sit in the brokers' subnets, take the function's role and invoke the function."""
        pollers = iam.ServicePrincipal("lambda.amazonaws.com")
        self._add(
            "Lambda",
            ec2.InterfaceVpcEndpointAwsService.LAMBDA_,
            iam.PolicyStatement(
                principals=[pollers],
                actions=["lambda:InvokeFunction"],
                resources=[
                    self._stack.format_arn(
                        service="lambda",
                        resource="function",
                        resource_name=f"smartqueue-{self._stage.name}-*",
                        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                    )
                ],
            ),
        )
        self._add(
            "Sts",
            ec2.InterfaceVpcEndpointAwsService.STS,
            iam.PolicyStatement(
                principals=[pollers],
                actions=["sts:AssumeRole"],
                resources=[
                    self._stack.format_arn(
                        service="iam", region="", resource="role", resource_name=f"SmartQueue-{self._stage.name}-*"
                    )
                ],
            ),
        )

    def _add(
        self, construct_id: str, service: ec2.InterfaceVpcEndpointAwsService, statement: iam.PolicyStatement
    ) -> None:
        endpoint = self._vpc.add_interface_endpoint(
            construct_id,
            service=service,
            subnets=self._subnets,
            security_groups=[self._group],
            # The group's rules say who comes in; CDK would let the whole VPC.
            open=False,
        )
        endpoint.add_to_policy(statement)
