"""Alarms on the data services, where a stage has its own: what is about to run out, and what is broken already."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.alarms_watch import (
    FIVE_MINUTES,
    MINUTE,
    NO_NEWS_IS_GOOD,
    NO_NEWS_IS_UNKNOWN,
    Watch,
)
from infra.cdk.settings import CacheSettings, DatabaseSettings, StageSettings

BUSY_PERCENT = 85
"""Of a processor, for a quarter of an hour: latency has begun to grow, and a failover would not fit."""
CONNECTIONS_PERCENT = 80
"""The rest lets a deployment's new functions in beside the old ones."""
STORAGE_LEFT_PERCENT = 5
"""RDS adds storage below a tenth by itself: below half of that it cannot, or may not yet."""
OLDEST_TRANSACTION_IDS = 1_000_000_000
"""Half of what PostgreSQL has; at two billion it takes no more writes."""
BROKER_DISK_PERCENT = 80
"""Brokers stop at full disks, and storage can be extended once in six hours."""
CACHE_MEMORY_PERCENT = 80
BROKERS = ("1", "2", "3")


def data_watches(stage: StageSettings) -> Iterator[Watch]:
    """The alarms on database, cache and broker."""
    name = f"smartqueue-{stage.name}"
    if stage.database:
        yield from _about_the_database(name, stage.database)
    if stage.kafka:
        yield from _about_kafka(name)
    if stage.cache:
        yield from _about_the_cache(name, stage.cache)


def _about_the_database(name: str, settings: DatabaseSettings) -> Iterator[Watch]:
    def metric(metric_name: str, statistic: str, period: cdk.Duration) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/RDS",
            metric_name=metric_name,
            dimensions_map={"DBInstanceIdentifier": name},
            statistic=statistic,
            period=period,
        )

    yield Watch(
        name="database-cpu",
        meaning="The database's processors are busy almost all the time.",
        metric=metric("CPUUtilization", "Average", FIVE_MINUTES),
        threshold=BUSY_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="database-connections",
        meaning="The database has few connections left.",
        metric=metric("DatabaseConnections", "Maximum", MINUTE),
        threshold=settings.max_connections * CONNECTIONS_PERCENT // 100,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="database-storage",
        meaning="The database's disk is almost full, and has not grown by itself.",
        metric=metric("FreeStorageSpace", "Minimum", FIVE_MINUTES),
        threshold=settings.storage_gigabytes * 1024**3 * STORAGE_LEFT_PERCENT // 100,
        comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="database-transaction-ids",
        meaning="Vacuum does not keep up, and the database runs out of transaction ids.",
        metric=metric("MaximumUsedTransactionIDs", "Maximum", FIVE_MINUTES),
        threshold=OLDEST_TRANSACTION_IDS,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )


def _about_kafka(name: str) -> Iterator[Watch]:
    def each(metric_name: str, statistic: str) -> dict[str, cloudwatch.IMetric]:
        return {
            f"broker{broker}": cloudwatch.Metric(
                namespace="AWS/Kafka",
                metric_name=metric_name,
                dimensions_map={"Cluster Name": name, "Broker ID": broker},
                statistic=statistic,
            )
            for broker in BROKERS
        }

    yield Watch(
        name="kafka-offline-partitions",
        meaning="Partitions have no leader: nobody can write to them or read them.",
        metric=cloudwatch.Metric(
            namespace="AWS/Kafka",
            metric_name="OfflinePartitionsCount",
            dimensions_map={"Cluster Name": name},
            statistic="Maximum",
            period=MINUTE,
        ),
        threshold=0,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="kafka-under-replicated",
        meaning="Partitions have fewer replicas than min.insync.replicas, so writes to them are refused.",
        metric=_highest(each("UnderMinIsrPartitionCount", "Maximum"), MINUTE, "partitions"),
        threshold=0,
        periods=5,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="kafka-disk",
        meaning="A broker's disk is almost full.",
        metric=_highest(each("KafkaDataLogsDiskUsed", "Maximum"), FIVE_MINUTES, "fullest broker, in percent"),
        threshold=BROKER_DISK_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="kafka-connections",
        meaning="Brokers turn away connections: too many new ones in a second.",
        metric=_highest(each("IAMTooManyConnections", "Sum"), MINUTE, "refused connections"),
        threshold=0,
        periods=5,
        datapoints=3,
        missing=NO_NEWS_IS_GOOD,
    )


def _about_the_cache(name: str, settings: CacheSettings) -> Iterator[Watch]:
    nodes = [f"{name}-{number:03}" for number in range(1, settings.replicas + 2)]

    def each(metric_name: str, statistic: str) -> dict[str, cloudwatch.IMetric]:
        return {
            f"node{number}": cloudwatch.Metric(
                namespace="AWS/ElastiCache",
                metric_name=metric_name,
                dimensions_map={"CacheClusterId": node},
                statistic=statistic,
            )
            for number, node in enumerate(nodes, 1)
        }

    yield Watch(
        name="cache-memory",
        meaning="The cache's memory is almost full.",
        metric=_highest(each("DatabaseMemoryUsagePercentage", "Maximum"), FIVE_MINUTES, "fullest node, in percent"),
        threshold=CACHE_MEMORY_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="cache-evictions",
        meaning="The cache throws away what it should still know.",
        metric=_highest(each("Evictions", "Sum"), FIVE_MINUTES, "evicted keys"),
        threshold=0,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )
    yield Watch(
        name="cache-cpu",
        meaning="The cache's engine, which has one processor, is busy almost all the time.",
        metric=_highest(each("EngineCPUUtilization", "Average"), FIVE_MINUTES, "busiest node, in percent"),
        threshold=BUSY_PERCENT,
        periods=3,
        missing=NO_NEWS_IS_UNKNOWN,
    )


def _highest(metrics: dict[str, cloudwatch.IMetric], period: cdk.Duration, label: str) -> cloudwatch.MathExpression:
    """The highest of several; the list matters, as MAX of one series alone would be its highest value ever."""
    return cloudwatch.MathExpression(
        expression=f"MAX([{', '.join(metrics)}])", using_metrics=metrics, label=label, period=period
    )
