"""What people look at and what wakes them: a dashboard, alarms, and the topic the alarms go to.

Refers to functions and API by name only, so it never holds back a deployment of the service.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from infra.cdk.components.alarms import Alarms
from infra.cdk.components.alarms_topic import AlarmTopic
from infra.cdk.components.dashboard import Dashboard
from infra.cdk.settings import StageSettings


class ObservabilityStack(cdk.Stack):
    """Dashboard and alarms of one stage; subscribe to the topic in output `AlarmTopicArn`."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, functions: Sequence[str]) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Dashboard and alarms of the task queue.",
        )
        name = f"smartqueue-{stage.name}"
        topic = AlarmTopic(self, "AlarmTopic", stage=stage).topic
        Dashboard(
            self,
            "Dashboard",
            dashboard_name=name,
            stage=stage.name,
            function_names=[f"{name}-{function}" for function in functions],
            api_name=name,
        )
        Alarms(self, "Alarms", stage=stage, functions=functions, topic=topic)
        cdk.CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)
