"""Promise: nothing of a stage can be reached from the internet but its API."""

from typing import Any

from tests.infra.assembly import Assembly
from tests.infra.survey import Found, everything, flat, of_kind, statements

ANYWHERE = ("0.0.0.0/0", "::/0")
# What may stand in a public subnet: the way out, which lets nobody in.
OUTWARD = {"AWS::EC2::NatGateway", "AWS::EC2::SubnetRouteTableAssociation"}
# CloudFormation signs the address of its answer with an identity of its own; only the VPC reaches the endpoint.
SIGNED_ELSEWHERE = ("s3:PutObject",)


def test_one_api_of_one_region_is_all_there_is(stage: Assembly) -> None:
    (api,) = of_kind(stage, "AWS::ApiGateway::RestApi")
    assert api.properties["EndpointConfiguration"]["Types"] == ["REGIONAL"]
    others = ("AWS::Lambda::Url", "AWS::ApiGatewayV2::Api", "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert of_kind(stage, *others) == []


def test_no_security_group_lets_the_internet_in(stage: Assembly) -> None:
    rules = [
        *((group, rule) for group in of_kind(stage, "AWS::EC2::SecurityGroup") for rule in _ingress(group)),
        *((rule, rule.properties) for rule in of_kind(stage, "AWS::EC2::SecurityGroupIngress")),
    ]
    assert rules
    open_rules = [
        str(where) for where, rule in rules if rule.get("CidrIp") in ANYWHERE or rule.get("CidrIpv6") in ANYWHERE
    ]
    assert open_rules == []


def test_only_ways_out_stand_in_public_subnets(stage: Assembly) -> None:
    public = _public_subnets(stage)
    assert public
    inside = [
        str(found)
        for found in everything(stage)
        if found.kind not in OUTWARD and any(f"Ref {subnet}" in flat(found.properties) for subnet in public)
    ]
    # Other stacks see a subnet by its export.
    exported = {name for subnet in public for name in _exports(stage, subnet)}
    inside += [str(found) for found in everything(stage) if any(name in flat(found.properties) for name in exported)]
    assert inside == []


def test_data_services_have_no_public_address(stage: Assembly) -> None:
    (database,) = of_kind(stage, "AWS::RDS::DBInstance")
    assert database.properties["PubliclyAccessible"] is False
    (cluster,) = of_kind(stage, "AWS::MSK::Cluster")
    access = cluster.properties["BrokerNodeGroupInfo"].get("ConnectivityInfo", {}).get("PublicAccess", {})
    assert access.get("Type", "DISABLED") == "DISABLED"
    # ElastiCache has none at all; it only needs to lie in our own subnets.
    for cache in of_kind(stage, "AWS::ElastiCache::ReplicationGroup"):
        assert cache.properties["CacheSubnetGroupName"]


def test_no_policy_lets_everybody_do_anything(stage: Assembly) -> None:
    allowed = [
        f"{statement.owner}: {statement.body}"
        for statement in statements(stage)
        if statement.effect == "Allow"
        and statement.body.get("Principal") in ("*", {"AWS": "*"})
        and not statement.body.get("Condition")
        and not (statement.owner.kind == "AWS::EC2::VPCEndpoint" and statement.actions == SIGNED_ELSEWHERE)
    ]
    assert allowed == []


def test_only_named_services_invoke_functions_and_only_for_us(stage: Assembly) -> None:
    permissions = of_kind(stage, "AWS::Lambda::Permission")
    assert permissions
    for permission in permissions:
        assert permission.properties["Principal"].endswith(".amazonaws.com"), permission
        assert permission.properties.keys() & {"SourceArn", "SourceAccount"}, permission


def test_buckets_block_the_public(stage: Assembly) -> None:
    for bucket in of_kind(stage, "AWS::S3::Bucket"):
        assert set(bucket.properties["PublicAccessBlockConfiguration"].values()) == {True}, bucket


def test_private_subnets_hand_out_no_public_addresses(stage: Assembly) -> None:
    public = _public_subnets(stage)
    for subnet in of_kind(stage, "AWS::EC2::Subnet"):
        assert not subnet.properties.get("MapPublicIpOnLaunch") or subnet.logical_id in public, subnet


def _ingress(group: Found) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = group.properties.get("SecurityGroupIngress", [])
    return rules


def _public_subnets(stage: Assembly) -> set[str]:
    """The subnets whose routes lead to an internet gateway."""
    gateways = {found.logical_id for found in of_kind(stage, "AWS::EC2::InternetGateway")}
    tables = {
        route.properties["RouteTableId"]["Ref"]
        for route in of_kind(stage, "AWS::EC2::Route")
        if route.properties.get("GatewayId", {}).get("Ref") in gateways
    }
    return {
        link.properties["SubnetId"]["Ref"]
        for link in of_kind(stage, "AWS::EC2::SubnetRouteTableAssociation")
        if link.properties["RouteTableId"]["Ref"] in tables
    }


def _exports(stage: Assembly, logical_id: str) -> set[str]:
    outputs = stage.template("Network").get("Outputs", {}).values()
    return {output["Export"]["Name"] for output in outputs if output.get("Value") == {"Ref": logical_id}}
