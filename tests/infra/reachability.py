"""Reads a synthesised network the way its tests talk about it: subnets, routes, and who may talk to whom."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from tests.infra.assembly import Assembly, Resource

type Direction = Literal["Ingress", "Egress"]
type Conversation = tuple[str, str, str]
ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class Rule:
    """One rule of a security group: it lets in from `peer`, or out to it."""

    direction: Direction
    group: str
    peer: str
    ports: str
    description: str

    @property
    def conversation(self) -> Conversation:
        """Who opens the connection, to whom, on which port."""
        source, target = (self.peer, self.group) if self.direction == "Ingress" else (self.group, self.peer)
        return source, target, self.ports


def rules(assembly: Assembly) -> Iterator[Rule]:
    """Every rule, whether it stands in its group or beside it."""
    groups = assembly.resources("Network", "AWS::EC2::SecurityGroup")
    names = {
        logical_id: group["Properties"]["GroupName"].removeprefix(f"smartqueue-{assembly.stage}-")
        for logical_id, group in groups.items()
    }

    def named(properties: dict[str, Any], peer_field: str) -> str:
        return names[properties[peer_field]["Fn::GetAtt"][0]] if peer_field in properties else str(properties["CidrIp"])

    sides: tuple[tuple[Direction, str], ...] = (
        ("Ingress", "SourceSecurityGroupId"),
        ("Egress", "DestinationSecurityGroupId"),
    )
    for direction, peer_field in sides:
        inside = [
            (names[logical_id], body)
            for logical_id, group in groups.items()
            for body in group["Properties"].get(f"SecurityGroup{direction}", [])
        ]
        beside = [
            (names[rule["Properties"]["GroupId"]["Fn::GetAtt"][0]], rule["Properties"])
            for rule in assembly.resources("Network", f"AWS::EC2::SecurityGroup{direction}").values()
        ]
        for group, body in inside + beside:
            # CDK's way of saying: nothing at all.
            if body.get("CidrIp") == "255.255.255.255/32":
                continue
            first, last = body["FromPort"], body["ToPort"]
            ports = str(first) if first == last else f"{first}-{last}"
            yield Rule(direction, group, named(body, peer_field), ports, body["Description"])


@dataclass(frozen=True)
class Subnet:
    """One subnet: its kind (public, open, closed, data), zone, addresses, and where its default route leads."""

    kind: str
    zone: str
    cidr: str
    way_out: str | None


def subnets(assembly: Assembly) -> list[Subnet]:
    """All subnets of the VPC."""
    ways_out = dict(_ways_out(assembly))
    tables = {
        association["Properties"]["SubnetId"]["Ref"]: association["Properties"]["RouteTableId"]["Ref"]
        for association in assembly.resources("Network", "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    return [
        Subnet(
            kind=_tag(subnet, "aws-cdk:subnet-name"),
            zone=subnet["Properties"]["AvailabilityZone"],
            cidr=subnet["Properties"]["CidrBlock"],
            way_out=ways_out.get(tables[logical_id]),
        )
        for logical_id, subnet in assembly.resources("Network", "AWS::EC2::Subnet").items()
    ]


def _ways_out(assembly: Assembly) -> Iterator[tuple[str, str]]:
    for route in assembly.resources("Network", "AWS::EC2::Route").values():
        properties = route["Properties"]
        if properties.get("DestinationCidrBlock") == ANYWHERE:
            gateway = properties.get("NatGatewayId") or properties["GatewayId"]
            yield properties["RouteTableId"]["Ref"], gateway["Ref"]


def _tag(resource: Resource, key: str) -> str:
    return next(str(tag["Value"]) for tag in resource["Properties"]["Tags"] if tag["Key"] == key)
