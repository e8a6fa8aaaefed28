"""The lag of each consumer group in CloudWatch, as MSK publishes it.

A thread of its own: a function that runs long or fails all the time must not keep its lag from being seen.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from kafka.errors import KafkaError

from localstack.services.kafka import partition_lags

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mypy_boto3_cloudwatch import CloudWatchClient

    from localstack.kafka_client import KafkaAccess
    from localstack.trigger.mappings import EventSourceMapping

NAMESPACE = "AWS/Kafka"


class LagMeter(threading.Thread):
    """Measures until `halt` is set; a broker or an emulator that is away is waited for."""

    def __init__(
        self, *, kafka: KafkaAccess, metrics: CloudWatchClient, period_seconds: float, halt: threading.Event
    ) -> None:
        super().__init__(name="lag", daemon=True)
        self._kafka = kafka
        self._metrics = metrics
        self._period_seconds = period_seconds
        self._halt = halt
        self._mappings: frozenset[EventSourceMapping] = frozenset()
        self._log = logging.getLogger("trigger")
        self._trouble = ""

    def watch(self, mappings: Iterable[EventSourceMapping]) -> None:
        """Measure these from now on."""
        self._mappings = frozenset(mappings)

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._publish()
                self._report("")
            except (BotoCoreError, ClientError, KafkaError) as error:
                self._report(f"cannot be measured ({type(error).__name__}: {error}); trying again")
            self._halt.wait(self._period_seconds)

    def _publish(self) -> None:
        data: list[Any] = []
        for mapping in self._mappings:
            # The moment before: a point must not claim to know what came while it was measured.
            at = datetime.now(UTC)
            data += lag_data(mapping, partition_lags(self._kafka, mapping.group, mapping.topic), at=at)
        if data:
            self._metrics.put_metric_data(Namespace=NAMESPACE, MetricData=data)

    def _report(self, trouble: str) -> None:
        if bool(trouble) != bool(self._trouble):
            self._log.warning("lag: %s", trouble or "measured again")
        self._trouble = trouble


def cluster_name(source_arn: str | None) -> str | None:
    """The name in a cluster's ARN, which ends in cluster/<name>/<id>; None for a source that is no MSK cluster."""
    return (source_arn or "").partition(":cluster/")[2].partition("/")[0] or None


def lag_data(mapping: EventSourceMapping, lags: Mapping[int, int | None], *, at: datetime) -> list[dict[str, Any]]:
    """The data points of one group's lag by partition; none when a part is unknown, as half a sum would mislead."""
    cluster = cluster_name(mapping.source_arn)
    known = [lag for lag in lags.values() if lag is not None]
    if cluster is None or not known or len(known) < len(lags):
        return []
    dimensions = {"Cluster Name": cluster, "Consumer Group": mapping.group, "Topic": mapping.topic}
    return [
        {
            "MetricName": name,
            "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions.items()],
            "Timestamp": at,
            "Value": value,
        }
        for name, value in (("SumOffsetLag", sum(known)), ("MaxOffsetLag", max(known)))
    ]
