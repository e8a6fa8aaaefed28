"""The addresses of an MSK cluster's brokers, which CloudFormation does not know."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_msk as msk
from aws_cdk import custom_resources as custom
from constructs import Construct

from infra.cdk.components.log_group import new_log_group
from infra.cdk.settings import StageSettings


class BootstrapBrokers(Construct):
    """Asks for `addresses`, of the listeners that take IAM, whenever the cluster was made or changed."""

    def __init__(self, scope: Construct, construct_id: str, *, cluster: msk.CfnCluster, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        log_group = new_log_group(
            self, "Logs", name=f"/aws/lambda/smartqueue-{stage.name}-bootstrap-brokers", stage=stage
        )
        look_up = custom.AwsCustomResource(
            self,
            "LookUp",
            on_update=custom.AwsSdkCall(
                service="Kafka",
                action="getBootstrapBrokers",
                parameters={"ClusterArn": cluster.attr_arn},
                physical_resource_id=custom.PhysicalResourceId.of(f"smartqueue-{stage.name}-bootstrap-brokers"),
            ),
            policy=custom.AwsCustomResourcePolicy.from_statements(
                [iam.PolicyStatement(actions=["kafka:GetBootstrapBrokers"], resources=[cluster.attr_arn])]
            ),
            install_latest_aws_sdk=False,
            log_group=log_group,
        )
        self.addresses = look_up.get_response_field("BootstrapBrokerStringSaslIam")
