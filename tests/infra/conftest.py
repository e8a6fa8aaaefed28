"""Synthesises the app once for all tests: every stage, and a made-up one that has what only real ones have."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")

from aws_cdk import App
from aws_cdk import aws_ec2 as ec2

from infra.cdk.app import add_stacks, new_app
from infra.cdk.data_plane import Cache, DataPlane, KafkaSecurity, Network
from infra.cdk.settings import StageSettings
from infra.cdk.stacks.local_data import LocalDataStack
from infra.cdk.stacks.observability import ObservabilityStack
from infra.cdk.stacks.service import ServiceStack
from infra.cdk.stages import DEV, LOCAL, PROD
from tests.infra.assembly import Assembly

CLUSTER_ARN = "arn:aws:kafka:eu-west-1:111111111111:cluster/jobs/abc-1"

CLOUD = LOCAL.with_values(
    {
        "name": "cloud",
        "account": "111111111111",
        "region": "eu-west-1",
        "bootstrapped": True,
        "allow-simulate": False,
        "webhook-allowed-networks": "",
        "api.cors-origins": "https://console.example.com",
        "api.access-logs": True,
        "api.pinned-id": None,
        "triggers.window-seconds": 1,
        "log-retention-days": 90,
        "keeps-data": True,
        "full-cloudwatch": True,
    }
)


def synthesised(
    folder: Path, stage: StageSettings, describe: Callable[[App, StageSettings], None], *, bundle: bool
) -> Assembly:
    """The assembly of what `describe` adds to an app; without `bundle` the packages are not built."""
    context: dict[str, object] = {} if bundle else {"aws:cdk:bundling-stacks": []}
    app = new_app(outdir=str(folder), context=context, validate=False)
    describe(app, stage)
    app.synth()
    return Assembly(folder, stage.name)


def _cloud_stacks(app: App, stage: StageSettings) -> None:
    data = LocalDataStack(app, "SmartQueue-cloud-Data", stage=stage)
    plane = _managed(data, data.plane)
    service = ServiceStack(app, "SmartQueue-cloud-Service", stage=stage, plane=plane)
    ObservabilityStack(app, "SmartQueue-cloud-Observability", stage=stage, functions=list(service.functions))


def _managed(scope: LocalDataStack, plane: DataPlane) -> DataPlane:
    """The same plane as if its services were AWS's own: in a VPC, with TLS, a cache password and IAM."""
    return replace(
        plane,
        cache=Cache(host="cache.example.com", port="6379", tls=True, password=plane.webhook_signing),
        kafka=replace(plane.kafka, cluster_arn=CLUSTER_ARN, security=KafkaSecurity.IAM),
        network=Network(
            vpc=ec2.Vpc.from_vpc_attributes(
                scope,
                "Vpc",
                vpc_id="vpc-1",
                availability_zones=["eu-west-1a"],
                private_subnet_ids=["subnet-1"],
            ),
            closed_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            closed_group=ec2.SecurityGroup.from_security_group_id(scope, "Group", "sg-1"),
            open_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS),
            open_group=ec2.SecurityGroup.from_security_group_id(scope, "OpenGroup", "sg-2"),
        ),
    )


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `local`, packages and all."""
    return synthesised(tmp_path_factory.mktemp("local"), LOCAL, add_stacks, bundle=True)


@pytest.fixture(scope="session")
def local_again(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `local`, synthesised a second time."""
    return synthesised(tmp_path_factory.mktemp("again"), LOCAL, add_stacks, bundle=True)


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The service over managed data services, with everything that a real stage turns on."""
    return synthesised(tmp_path_factory.mktemp("cloud"), CLOUD, _cloud_stacks, bundle=False)


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `dev`; packages are not built."""
    return synthesised(tmp_path_factory.mktemp("dev"), DEV, add_stacks, bundle=False)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `prod`; packages are not built."""
    return synthesised(tmp_path_factory.mktemp("prod"), PROD, add_stacks, bundle=False)
