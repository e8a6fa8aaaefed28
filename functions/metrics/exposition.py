"""The numbers as Prometheus text, through the official client's exposition format."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from smartqueue.metrics import DURATION, DURATION_BUCKETS_SECONDS, Counter, Gauge
from smartqueue.store.attempts import Gauges

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Numbers(Collector):
    """What was counted (from Valkey) and how things stand (from Postgres; measured: from Valkey, by others)."""

    def __init__(
        self,
        counters: Mapping[str, str],
        histogram: Mapping[str, str],
        gauges: Gauges,
        measured: Mapping[str, str],
    ) -> None:
        self._counters = counters
        self._histogram = histogram
        self._gauges = gauges
        self._measured = measured

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, also those still at zero, so that dashboards never miss one.

        Only what nobody has measured yet is left out: a zero would say that all is well.
        """
        for counter in Counter:
            name = counter.removesuffix("_total")
            words = name.replace("_", " ").capitalize()
            yield CounterMetricFamily(name, f"{words}.", value=float(self._counters.get(counter, 0)))
        yield HistogramMetricFamily(
            DURATION,
            "How long handlers ran, in seconds.",
            buckets=self._cumulative(),
            sum_value=float(self._histogram.get("sum", 0)),
        )
        for gauge, value, words in (
            (Gauge.ACTIVE_JOBS, self._gauges.active_jobs, "Jobs pending or processing."),
            (Gauge.DLQ_SIZE, self._gauges.dead_jobs, "Failed jobs neither replayed nor discarded."),
            (Gauge.OUTBOX_BACKLOG, self._gauges.outbox_backlog, "Messages due and not yet published."),
            (
                Gauge.OLDEST_PENDING,
                self._gauges.oldest_pending_seconds,
                "Age of the oldest due job, in seconds.",
            ),
            (
                Gauge.OLDEST_DEAD_LETTER,
                self._gauges.oldest_dead_seconds,
                "How long ago the oldest dead job failed, in seconds.",
            ),
        ):
            yield GaugeMetricFamily(gauge, words, value=float(value))
        for gauge, words in (
            (Gauge.JOBS_UNACCOUNTED, "By how many jobs the audit trail and the table of jobs differ; must be 0."),
            (Gauge.AUDIT_PROBLEMS, "What the last verification of the audit trail found wrong; must be 0."),
        ):
            if gauge in self._measured:
                yield GaugeMetricFamily(gauge, words, value=float(self._measured[gauge]))

    def _cumulative(self) -> list[tuple[str, float]]:
        total = 0.0
        buckets: list[tuple[str, float]] = []
        for bound in (*map(str, DURATION_BUCKETS_SECONDS), "+Inf"):
            total += float(self._histogram.get(bound, 0))
            buckets.append((bound, total))
        return buckets


def render(
    counters: Mapping[str, str],
    histogram: Mapping[str, str],
    gauges: Gauges,
    measured: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the exposition text. measured: the gauges that the last one who measured them left."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(counters, histogram, gauges, measured))
    return generate_latest(registry).decode()
