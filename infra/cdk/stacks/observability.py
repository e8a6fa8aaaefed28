"""What people look at and what wakes them: dashboards, saved queries, alarms, and the topic the alarms go to.

Refers to functions and API by name only, so it never holds back a deployment of the service.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from constructs import Construct

from infra.cdk.components.alarms import Alarms
from infra.cdk.components.alarms_topic import AlarmTopic
from infra.cdk.components.dashboards import Dashboards
from infra.cdk.components.saved_queries import SavedQueries
from infra.cdk.settings import StageSettings


class ObservabilityStack(cdk.Stack):
    """Dashboards, queries and alarms of one stage; subscribe to the topic in output `AlarmTopicArn`."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, functions: Sequence[str]) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Dashboards, log queries and alarms of the task queue.",
        )
        topic = AlarmTopic(self, "AlarmTopic", stage=stage).topic
        Dashboards(self, "Dashboards", stage=stage, functions=functions)
        if stage.full_cloudwatch:
            SavedQueries(self, "SavedQueries", stage=stage, functions=functions)
        Alarms(self, "Alarms", stage=stage, functions=functions, topic=topic)
        cdk.CfnOutput(self, "AlarmTopicArn", value=topic.topic_arn)
