"""The topics of a stage's Kafka cluster."""

import base64
import json
from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_msk as msk
from constructs import Construct

from infra.cdk.components.kafka_rights import JOB_DLQ, JOB_EVENTS, JOB_EVENTS_BULK, JOB_RESULTS
from infra.cdk.settings import KafkaSettings

REPLICAS = 3
IN_SYNC_REPLICAS = 2
"""A write is kept by two brokers before it counts, and goes on while one broker is away."""
DEAD_LETTER_PARTITIONS = 3
"""One per broker; dead letters are few, and nobody waits for them in order."""
MILLISECONDS_A_DAY = 24 * 3600 * 1000


@dataclass(frozen=True, kw_only=True)
class _Topic:
    name: str
    partitions: int
    retention_days: int

    @property
    def configuration(self) -> str:
        """What MSK's API wants: JSON in base64."""
        values = {
            "cleanup.policy": "delete",
            "min.insync.replicas": str(IN_SYNC_REPLICAS),
            "retention.ms": str(self.retention_days * MILLISECONDS_A_DAY),
        }
        return base64.b64encode(json.dumps(values).encode()).decode()


class KafkaTopics(Construct):
    """`job-events`, `job-events-bulk`, `job-results` and `job-dlq`; what they hold ends with their own retention."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: KafkaSettings,
        cluster: msk.CfnCluster,
        removal_policy: cdk.RemovalPolicy,
    ) -> None:
        super().__init__(scope, construct_id)
        before: msk.CfnTopic | None = None
        for topic in _topics(settings):
            resource = msk.CfnTopic(
                self,
                "".join(word.capitalize() for word in topic.name.split("-")),
                cluster_arn=cluster.attr_arn,
                topic_name=topic.name,
                partition_count=topic.partitions,
                replication_factor=REPLICAS,
                configs=topic.configuration,
            )
            resource.apply_removal_policy(removal_policy)
            # A cluster takes one such request at a time.
            if before:
                resource.add_resource_dependency(before)
            before = resource


def _topics(settings: KafkaSettings) -> tuple[_Topic, ...]:
    return (
        _Topic(name=JOB_EVENTS, partitions=settings.partitions, retention_days=settings.events_retention_days),
        _Topic(name=JOB_EVENTS_BULK, partitions=settings.partitions, retention_days=settings.events_retention_days),
        # As many, so that whoever reads both can share them out alike.
        _Topic(name=JOB_RESULTS, partitions=settings.partitions, retention_days=settings.events_retention_days),
        _Topic(name=JOB_DLQ, partitions=DEAD_LETTER_PARTITIONS, retention_days=settings.dead_letter_retention_days),
    )
