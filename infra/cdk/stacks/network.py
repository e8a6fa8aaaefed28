"""The VPC of a stage: three zones, and in each of them four kinds of subnets, told apart by how far they reach."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.cdk.components.default_security_group import EmptyDefaultSecurityGroup
from infra.cdk.components.endpoints import Endpoints
from infra.cdk.components.flow_logs import FlowLogs
from infra.cdk.components.security_groups import SecurityGroups
from infra.cdk.data_plane import Network
from infra.cdk.settings import StageSettings, required

PUBLIC, OPEN, CLOSED, DATA = "public", "open", "closed", "data"
# Sixteen subnets of one size fill the VPC: twelve are used, four are spare.
SUBNET_BITS = 4


class NetworkStack(cdk.Stack):
    """VPC, security groups and endpoints of one stage."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        self._settings = required(stage.network, "network")
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="The network of the task queue.",
            termination_protection=stage.keeps_data,
        )
        self.vpc = self._new_vpc(stage)
        self.groups = SecurityGroups(self, "Groups", vpc=self.vpc, stage=stage)
        self.data_subnets = ec2.SubnetSelection(subnet_group_name=DATA)
        self.functions = Network(
            vpc=self.vpc,
            closed_subnets=ec2.SubnetSelection(subnet_group_name=CLOSED),
            closed_group=self.groups.closed,
            open_subnets=ec2.SubnetSelection(subnet_group_name=OPEN),
            open_group=self.groups.open,
        )
        Endpoints(
            self,
            "Endpoints",
            stage=stage,
            settings=self._settings,
            vpc=self.vpc,
            zones=self.availability_zones,
            subnet_group=CLOSED,
            group=self.groups.endpoints,
        )
        EmptyDefaultSecurityGroup(self, "DefaultGroup", vpc=self.vpc, stage=stage)
        FlowLogs(self, "FlowLogs", vpc=self.vpc, stage=stage)

    @property
    def availability_zones(self) -> list[str]:
        """The zones by name, so that no synthesis asks the account for its own."""
        zones = self._settings.availability_zones or [f"{self.region}{letter}" for letter in "abc"]
        return list(zones)

    def _new_vpc(self, stage: StageSettings) -> ec2.Vpc:
        cidr = self._settings.cidr
        subnet_mask = cidr.prefixlen + SUBNET_BITS

        def subnets(name: str, kind: ec2.SubnetType) -> ec2.SubnetConfiguration:
            return ec2.SubnetConfiguration(name=name, subnet_type=kind, cidr_mask=subnet_mask)

        vpc = ec2.Vpc(
            self,
            "Vpc",
            vpc_name=f"smartqueue-{stage.name}",
            ip_addresses=ec2.IpAddresses.cidr(str(cidr)),
            availability_zones=self.availability_zones,
            nat_gateways=self._settings.nat_gateways,
            subnet_configuration=[
                subnets(PUBLIC, ec2.SubnetType.PUBLIC),
                subnets(OPEN, ec2.SubnetType.PRIVATE_WITH_EGRESS),
                subnets(CLOSED, ec2.SubnetType.PRIVATE_ISOLATED),
                subnets(DATA, ec2.SubnetType.PRIVATE_ISOLATED),
            ],
            # `EmptyDefaultSecurityGroup` does it.
            restrict_default_security_group=False,
        )
        cdk.Validations.of(vpc).acknowledge(
            cdk.Acknowledgment(
                id="CloudFormation-Validate::W3010",
                reason="Zones by name stay the same for a network's whole life; the region's list of zones may not.",
            )
        )
        return vpc
