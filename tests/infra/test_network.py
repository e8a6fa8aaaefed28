"""The network: three zones, no way in, a way out for those who need it, and only the conversations that are meant."""

import ipaddress
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from infra.cdk.stages import DEV, PROD
from smartqueue.webhook_urls import FIRST_UNPRIVILEGED_PORT
from tests.infra.assembly import Assembly
from tests.infra.reachability import ANYWHERE, Conversation, rules, subnets
from tests.infra.variants import Variant, variant

KINDS = {"public", "open", "closed", "data"}
ALWAYS: set[Conversation] = {
    ("closed", "database", "5432"),
    ("open", "database", "5432"),
    ("closed", "cache", "6379"),
    ("open", "cache", "6379"),
    ("closed", "kafka", "9098"),
    ("open", "kafka", "9098"),
    ("closed", "endpoints", "443"),
    ("open", "endpoints", "443"),
    # Provisioned or not, pollers join the brokers' group; so does whoever collects the brokers' own metrics.
    ("kafka", "kafka", "9098"),
    ("kafka", "kafka", "11001-11002"),
}
POLLERS_CALL: Conversation = ("kafka", "endpoints", "443")


@pytest.fixture(scope="module", params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """Each stage of AWS."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


@pytest.fixture(scope="module")
def other_dev(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """`dev` with provisioned pollers, in a small network of a known account, in zones that it names."""
    values = {
        "triggers.provisioned": "true",
        "account": "111111111111",
        "region": "ca-central-1",
        "network.cidr": "10.1.0.0/22",
        "network.availability-zones": "ca-central-1a,ca-central-1b,ca-central-1d",
    }
    return variant(tmp_path_factory.mktemp("other-dev"), DEV, values)


@pytest.fixture(scope="module")
def other_prod(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """`prod` with on-demand pollers, and a proxy before the database."""
    values = {"triggers.provisioned": "false", "database.proxy": "true"}
    return variant(tmp_path_factory.mktemp("other-prod"), PROD, values)


def test_every_kind_of_subnet_is_in_three_zones(stage: Assembly) -> None:
    assert Counter((s.kind, s.zone) for s in subnets(stage)) == {
        (kind, f"us-east-1{letter}"): 1 for kind in KINDS for letter in "abc"
    }


@pytest.mark.parametrize("cidr", ["10.40.0.0/16", "10.1.0.0/22"])
def test_subnets_lie_in_the_network_and_do_not_overlap(dev: Assembly, other_dev: Variant, cidr: str) -> None:
    network = ipaddress.IPv4Network(cidr)
    assembly = dev if network.prefixlen == 16 else other_dev.assembly
    parts = [ipaddress.IPv4Network(subnet.cidr) for subnet in subnets(assembly)]
    assert all(part.subnet_of(network) and part.num_addresses >= 64 for part in parts)
    assert sum(part.num_addresses for part in ipaddress.collapse_addresses(parts)) == sum(
        part.num_addresses for part in parts
    )


def test_zones_can_be_named(other_dev: Variant) -> None:
    assert {subnet.zone[-1] for subnet in subnets(other_dev.assembly)} == {"a", "b", "d"}


def test_only_open_functions_have_a_way_out(stage: Assembly) -> None:
    nats = stage.resources("Network", "AWS::EC2::NatGateway")
    for subnet in subnets(stage):
        if subnet.kind == "open":
            assert subnet.way_out in nats
        else:
            assert (subnet.way_out is not None) == (subnet.kind == "public")


def test_a_zone_of_prod_needs_no_other_for_its_way_out(prod: Assembly, dev: Assembly) -> None:
    assert len({subnet.way_out for subnet in subnets(prod) if subnet.kind == "open"}) == 3
    assert len(dev.resources("Network", "AWS::EC2::NatGateway")) == 1


def test_who_talks_to_whom(dev: Assembly, prod: Assembly, other_dev: Variant, other_prod: Variant) -> None:
    assert _conversations(prod) == ALWAYS
    assert _conversations(dev) == ALWAYS | {POLLERS_CALL}
    assert _conversations(other_dev.assembly) == ALWAYS
    behind_a_proxy = {("closed", "proxy", "5432"), ("open", "proxy", "5432"), ("proxy", "database", "5432")}
    direct = {("open", "database", "5432")}
    assert _conversations(other_prod.assembly) == (ALWAYS | {POLLERS_CALL} | behind_a_proxy) - direct


def test_what_one_side_may_say_the_other_may_hear(stage: Assembly) -> None:
    inside = [rule for rule in rules(stage) if rule.peer != ANYWHERE]
    said = {rule.conversation for rule in inside if rule.direction == "Egress"}
    assert said == {rule.conversation for rule in inside if rule.direction == "Ingress"}


def test_nobody_comes_in_from_outside_of_a_group(stage: Assembly) -> None:
    assert not [rule for rule in rules(stage) if rule.direction == "Ingress" and "/" in rule.peer]


def test_open_functions_reach_every_port_that_a_webhook_may_name(stage: Assembly) -> None:
    outwards = {rule.ports for rule in rules(stage) if (rule.group, rule.peer) == ("open", ANYWHERE)}
    assert outwards == {"443", f"{FIRST_UNPRIVILEGED_PORT}-65535"}


def test_besides_them_only_closed_functions_may_try_and_routes_lead_to_s3_alone(stage: Assembly) -> None:
    assert {(rule.group, rule.ports) for rule in rules(stage) if rule.peer == ANYWHERE and rule.group != "open"} == {
        ("closed", "443")
    }
    (gateway,) = (e for e in _endpoints(stage) if e["VpcEndpointType"] == "Gateway")
    assert len(gateway["RouteTableIds"]) == 3
    assert not [subnet for subnet in subnets(stage) if subnet.kind == "closed" and subnet.way_out]


def test_every_rule_says_what_it_is_for(stage: Assembly) -> None:
    assert not [rule for rule in rules(stage) if not rule.description.startswith(("from ", "to "))]


def test_the_group_that_every_network_comes_with_is_emptied(stage: Assembly) -> None:
    calls = json.dumps(list(stage.resources("Network", "Custom::AWS").values()))
    assert "RevokeSecurityGroupIngress" in calls
    assert "RevokeSecurityGroupEgress" in calls


def test_there_are_doors_for_secrets_and_for_pollers_that_need_them(
    dev: Assembly, prod: Assembly, other_dev: Variant, other_prod: Variant
) -> None:
    assert _services(prod) == _services(other_dev.assembly) == {"s3", "secretsmanager"}
    assert _services(dev) == _services(other_prod.assembly) == {"s3", "secretsmanager", "lambda", "sts"}


def test_prod_has_its_doors_in_every_zone_and_dev_in_one(dev: Assembly, prod: Assembly) -> None:
    assert {len(e["SubnetIds"]) for e in _endpoints(prod) if e["VpcEndpointType"] == "Interface"} == {3}
    assert {len(e["SubnetIds"]) for e in _endpoints(dev) if e["VpcEndpointType"] == "Interface"} == {1}


def test_a_door_leads_to_nothing_but_this_stages_own(stage: Assembly) -> None:
    for endpoint in _endpoints(stage):
        statements = endpoint["PolicyDocument"]["Statement"]
        if endpoint["VpcEndpointType"] == "Gateway":
            answers, *statements = statements
            # AWS's own bucket, to which custom resources answer; the address is signed by CloudFormation.
            assert "cloudformation-custom-resource-response-useast1/" in json.dumps(answers["Resource"])
            assert answers["Action"] == "s3:PutObject"
            assert statements
        else:
            assert endpoint["PrivateDnsEnabled"]
        for statement in statements:
            resource = json.dumps(statement["Resource"])
            ours = (f"smartqueue/{stage.stage}/", f"{stage.stage}-*", f":s3:::smartqueue-{stage.stage}-seals-")
            assert any(name in resource for name in ours)
            assert "AWS::AccountId" in resource
            assert "*" not in json.dumps(statement["Action"])


def test_what_passes_is_logged(stage: Assembly) -> None:
    (log,) = stage.resources("Network", "AWS::EC2::FlowLog").values()
    assert log["Properties"]["TrafficType"] == "ALL"
    group = stage.template("Network")["Resources"][log["Properties"]["LogGroupName"]["Ref"]]
    assert group["Properties"]["RetentionInDays"] == (90 if stage.stage == "prod" else 7)


def test_synthesis_asks_no_account(stage: Assembly, other_dev: Variant) -> None:
    for assembly in (stage, other_dev.assembly):
        manifest = json.loads((assembly.folder / "manifest.json").read_text(encoding="utf-8"))
        assert not manifest.get("missing")


def test_prod_is_guarded_against_its_end(dev: Assembly, prod: Assembly) -> None:
    assert _guarded(prod) == {"SmartQueue-prod-Network", "SmartQueue-prod-Data"}
    assert _guarded(dev) == set()


def _conversations(assembly: Assembly) -> set[Conversation]:
    return {rule.conversation for rule in rules(assembly) if rule.peer != ANYWHERE}


def _endpoints(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for endpoint in assembly.resources("Network", "AWS::EC2::VPCEndpoint").values():
        yield endpoint["Properties"]


def _services(assembly: Assembly) -> set[str]:
    return {json.dumps(e["ServiceName"]).rpartition(".")[2].strip('"]}') for e in _endpoints(assembly)}


def _guarded(assembly: Assembly) -> set[str]:
    manifest = json.loads((assembly.folder / "manifest.json").read_text(encoding="utf-8"))
    return {
        name
        for name, artifact in manifest["artifacts"].items()
        if artifact.get("properties", {}).get("terminationProtection")
    }
