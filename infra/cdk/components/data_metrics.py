"""The metrics that AWS keeps about a stage's data services, by the names that the data stack gives them.

By name only: what watches must not hold back the stack that owns the data.
"""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.kafka_rights import JOB_EVENTS, JOB_EVENTS_BULK

MINUTE = cdk.Duration.minutes(1)
BULK = "-bulk"
"""What a group that reads the bulk topic ends in."""
CONSUMER_GROUPS = ("job-processor", "job-classifier", f"job-processor{BULK}", f"job-classifier{BULK}")
BROKERS = ("1", "2", "3")
"""Three brokers in three zones, as MSK numbers them."""


def database_metric(name: str, *, stage: str, statistic: str, label: str) -> cloudwatch.Metric:
    """About the RDS instance."""
    return _metric("AWS/RDS", name, {"DBInstanceIdentifier": f"smartqueue-{stage}"}, statistic, label)


def lag_metric(group: str, *, stage: str, name: str = "SumOffsetLag", statistic: str = "Maximum") -> cloudwatch.Metric:
    """How far a consumer group is behind on its topic."""
    topic = JOB_EVENTS_BULK if group.endswith(BULK) else JOB_EVENTS
    dimensions = {"Cluster Name": f"smartqueue-{stage}", "Consumer Group": group, "Topic": topic}
    return _metric("AWS/Kafka", name, dimensions, statistic, group)


def cluster_metric(name: str, *, stage: str, statistic: str, label: str) -> cloudwatch.Metric:
    """About the whole MSK cluster."""
    return _metric("AWS/Kafka", name, {"Cluster Name": f"smartqueue-{stage}"}, statistic, label)


def broker_metrics(name: str, *, stage: str, statistic: str) -> Sequence[cloudwatch.Metric]:
    """About each broker."""
    return [
        _metric(
            "AWS/Kafka",
            name,
            {"Cluster Name": f"smartqueue-{stage}", "Broker ID": broker},
            statistic,
            f"broker {broker}",
        )
        for broker in BROKERS
    ]


def cache_metrics(name: str, *, stage: str, nodes: int, statistic: str) -> Sequence[cloudwatch.Metric]:
    """About each node of the ElastiCache replication group."""
    return [
        _metric("AWS/ElastiCache", name, {"CacheClusterId": f"smartqueue-{stage}-{node:03}"}, statistic, f"node {node}")
        for node in range(1, nodes + 1)
    ]


def firewall_metric(name: str, *, stage: str, region: str, label: str) -> cloudwatch.Metric:
    """About all rules of the firewall together."""
    dimensions = {"WebACL": f"smartqueue-{stage}", "Region": region, "Rule": "ALL"}
    return _metric("AWS/WAFV2", name, dimensions, "Sum", label)


def undelivered_metric(name: str, *, stage: str, statistic: str, label: str | None = None) -> cloudwatch.Metric:
    """About the queue of last resort, where given-up batches of events go."""
    return _metric("AWS/SQS", name, {"QueueName": f"smartqueue-{stage}-undelivered"}, statistic, label)


def _metric(
    namespace: str, name: str, dimensions: dict[str, str], statistic: str, label: str | None
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic=statistic,
        period=MINUTE,
        label=label,
    )
