"""Lets a Kafka topic invoke a function."""

from typing import TypedDict

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.job_function import JobFunction
from infra.cdk.components.kafka_rights import consume_statements
from infra.cdk.data_plane import Kafka
from infra.cdk.settings import TriggerSettings


class KafkaTrigger(Construct):
    """An event source mapping from one topic, as one consumer group, from the topic's beginning.

    Not CDK's `ManagedKafkaEventSource`: that attaches a managed policy with wildcard resources, and leaves out
    the rights that a cluster with IAM authentication asks for.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: JobFunction,
        kafka: Kafka,
        topic: str,
        consumer_group: str,
        settings: TriggerSettings,
        poller_group: str,
        last_resort: sqs.IQueue | None,
    ) -> None:
        super().__init__(scope, construct_id)
        function.role.add_to_policy(
            iam.PolicyStatement(
                actions=["kafka:DescribeCluster", "kafka:DescribeClusterV2", "kafka:GetBootstrapBrokers"],
                resources=[kafka.cluster_arn],
            )
        )
        for statement in consume_statements(self, kafka, topic=topic, group=consumer_group):
            function.role.add_to_policy(statement)
        self.mapping = lambda_.EventSourceMapping(
            self,
            "Mapping",
            target=function.target,
            event_source_arn=kafka.cluster_arn,
            kafka_topic=topic,
            kafka_consumer_group_id=consumer_group,
            starting_position=lambda_.StartingPosition.TRIM_HORIZON,
            batch_size=settings.batch_size,
            max_batching_window=cdk.Duration.seconds(settings.window_seconds) if settings.window_seconds else None,
            **(_provisioned(settings, poller_group, last_resort) if settings.provisioned else {}),
        )
        if not settings.provisioned:
            acknowledge(
                self.mapping,
                "Serverless-LambdaEventSourceMappingDestination",
                "Only provisioned pollers may give up a record; without them a batch comes again until it succeeds.",
            )
        # The service looks at the role when the mapping is made, so its rights must be there first.
        self.mapping.node.add_dependency(function.role)


METRICS = (lambda_.MetricType.EVENT_COUNT, lambda_.MetricType.ERROR_COUNT, lambda_.MetricType.KAFKA_METRICS)
"""What pollers tell of themselves: without it nobody sees what they polled, dropped, or could not deliver."""


class _Provisioned(TypedDict, total=False):
    provisioned_poller_config: lambda_.ProvisionedPollerConfig
    report_batch_item_failures: bool
    retry_attempts: int
    on_failure: lambda_.IEventSourceDlq | None
    metrics_config: lambda_.MetricsConfig


def _provisioned(settings: TriggerSettings, poller_group: str, last_resort: sqs.IQueue | None) -> _Provisioned:
    """What only provisioned pollers know; AWS refuses it without them, CDK does not.

    Batches are not split on an error: the answer names the records that failed already, and a whole batch fails when
    the database or the broker is away, where halves would only knock twice as often.
    """
    return {
        "provisioned_poller_config": lambda_.ProvisionedPollerConfig(
            minimum_pollers=settings.minimum_pollers,
            maximum_pollers=settings.maximum_pollers,
            poller_group_name=poller_group,
        ),
        "report_batch_item_failures": True,
        "retry_attempts": settings.retry_attempts,
        "on_failure": event_sources.SqsDlq(last_resort) if last_resort else None,
        "metrics_config": lambda_.MetricsConfig(metrics=list(METRICS)),
    }
