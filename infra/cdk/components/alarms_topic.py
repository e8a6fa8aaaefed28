"""Where alarms ring: an encrypted topic that only this stage's alarms may publish to."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.cdk.settings import StageSettings


class AlarmTopic(Construct):
    """The topic `smartqueue-<stage>-alarms`, and the subscription of the stage's e-mail address."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        name = f"smartqueue-{stage.name}-alarms"
        stack = cdk.Stack.of(self)
        # A key of our own: with the one that AWS keeps for SNS alarms would ring unheard, as CloudWatch may not use it.
        key = kms.Key(
            self,
            "Key",
            description=f"Messages of the topic {name}.",
            enable_key_rotation=True,
            # It encrypts what is on its way, so nothing can be lost with it.
            removal_policy=cdk.RemovalPolicy.DESTROY,
            pending_window=cdk.Duration.days(7),
        )
        alarms = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsEncryptMessages",
                principals=[alarms],
                actions=["kms:Decrypt", "kms:GenerateDataKey"],
                # In a key's own policy this is the key.
                resources=["*"],
            )
        )
        self.topic = sns.Topic(
            self, "Topic", topic_name=name, display_name="Smart Task Queue", master_key=key, enforce_ssl=True
        )
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                principals=[alarms],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions={
                    "ArnLike": {
                        "aws:SourceArn": stack.format_arn(
                            service="cloudwatch",
                            resource="alarm",
                            resource_name=f"smartqueue-{stage.name}-*",
                            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                        )
                    }
                },
            )
        )
        if stage.alarm_email:
            self.topic.add_subscription(subscriptions.EmailSubscription(stage.alarm_email))
