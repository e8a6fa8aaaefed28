"""What IAM must allow before a client may use a topic; nothing where the cluster does not authenticate with IAM."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.cdk.data_plane import Kafka, KafkaSecurity

JOB_EVENTS = "job-events"
JOB_EVENTS_BULK = "job-events-bulk"
"""The same for tenants with many unfinished jobs, so that nobody else waits behind them."""
JOB_RESULTS = "job-results"
JOB_DLQ = "job-dlq"


def produce_statements(scope: Construct, kafka: Kafka, *, topics: Sequence[str]) -> list[iam.PolicyStatement]:
    """The rights to write to `topics`."""
    if kafka.security != KafkaSecurity.IAM:
        return []
    return [
        _connect(kafka),
        iam.PolicyStatement(
            actions=["kafka-cluster:DescribeTopic", "kafka-cluster:WriteData"],
            resources=[_arn(scope, kafka, "topic", topic) for topic in topics],
        ),
    ]


def consume_statements(scope: Construct, kafka: Kafka, *, topic: str, group: str) -> list[iam.PolicyStatement]:
    """The rights to read `topic` as a member of `group`, which CDK's own event source does not grant."""
    if kafka.security != KafkaSecurity.IAM:
        return []
    return [
        _connect(kafka),
        iam.PolicyStatement(
            actions=["kafka-cluster:DescribeTopic", "kafka-cluster:ReadData"],
            resources=[_arn(scope, kafka, "topic", topic)],
        ),
        iam.PolicyStatement(
            actions=["kafka-cluster:DescribeGroup", "kafka-cluster:AlterGroup"],
            resources=[_arn(scope, kafka, "group", group)],
        ),
    ]


def _connect(kafka: Kafka) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=["kafka-cluster:Connect"], resources=[kafka.cluster_arn])


def _arn(scope: Construct, kafka: Kafka, kind: str, name: str) -> str:
    # A cluster's ARN ends in cluster/<name>/<id>; its topics and groups repeat the name and the id.
    parts = cdk.Fn.split("/", kafka.cluster_arn)
    cluster = f"{cdk.Fn.select(1, parts)}/{cdk.Fn.select(2, parts)}"
    return cdk.Stack.of(scope).format_arn(service="kafka", resource=kind, resource_name=f"{cluster}/{name}")
