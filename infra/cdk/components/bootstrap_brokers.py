"""The addresses of an MSK cluster's brokers, which CloudFormation does not know."""

import aws_cdk as cdk
from aws_cdk import aws_msk as msk
from constructs import Construct

from infra.cdk.components.aws_calls import AwsCalls
from infra.cdk.settings import StageSettings

IAM_LISTENERS = "BootstrapBrokerStringSaslIam"


class BootstrapBrokers(Construct):
    """Asks for `addresses`, of the listeners that take IAM, whenever the cluster was made or changed."""

    def __init__(self, scope: Construct, construct_id: str, *, cluster: msk.CfnCluster, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        answer = AwsCalls(self, "Calls", stage=stage, name="bootstrap-brokers").add(
            "LookUp",
            service="Kafka",
            action="GetBootstrapBrokers",
            parameters={"ClusterArn": cluster.attr_arn},
            resource=cluster.attr_arn,
            # The version is another after every change of the cluster. Nothing is deleted with the old id.
            made_anew_with=cdk.Fn.join(" ", ["bootstrap-brokers", cluster.attr_current_version]),
            output=[IAM_LISTENERS],
        )
        self.addresses = answer.get_response_field(IAM_LISTENERS)
