"""Takes the rules out of the group that every VPC comes with, and that catches whatever names no group."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.cdk.components.aws_calls import AwsCalls
from infra.cdk.settings import StageSettings

ANY_PROTOCOL = "-1"


class EmptyDefaultSecurityGroup(Construct):
    """Leaves the default security group of `vpc` without a rule in either direction.

    CDK's own `restrict_default_security_group` does the same by a function whose logs stay for ever.
    """

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.Vpc, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        group = vpc.vpc_default_security_group
        account = cdk.Stack.of(self).account
        calls = AwsCalls(self, "Calls", stage=stage, name="default-security-group")
        rules = {
            "Ingress": {"UserIdGroupPairs": [{"GroupId": group, "UserId": account}]},
            "Egress": {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        }
        for direction, peers in rules.items():
            calls.add(
                direction,
                service="EC2",
                action=f"RevokeSecurityGroup{direction}",
                parameters={"GroupId": group, "IpPermissions": [{"IpProtocol": ANY_PROTOCOL, **peers}]},
                resource=cdk.Stack.of(self).format_arn(service="ec2", resource="security-group", resource_name=group),
                made_anew_with=f"default-security-group-{direction.lower()}",
                forgivable="InvalidPermission.NotFound",
            )
