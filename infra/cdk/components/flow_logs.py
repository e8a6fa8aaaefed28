"""A record of who talked to whom in the VPC, and who was turned away."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.cdk.components.log_group import new_log_group
from infra.cdk.settings import StageSettings


class FlowLogs(Construct):
    """Logs every connection of `vpc`, to a log group that nobody else writes to."""

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.Vpc, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        log_group = new_log_group(self, "Logs", name=f"/smartqueue/{stage.name}/flow-logs", stage=stage)
        role = iam.Role(
            self,
            "Role",
            description=f"Writes the flow logs of the task queue's network, stage {stage.name}.",
            # Else the flow logs of other accounts could write here.
            assumed_by=iam.ServicePrincipal(
                "vpc-flow-logs.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": cdk.Stack.of(self).account}},
            ),
        )
        vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(log_group, role),
            traffic_type=ec2.FlowLogTrafficType.ALL,
            max_aggregation_interval=ec2.FlowLogMaxAggregationInterval.TEN_MINUTES,
        )
