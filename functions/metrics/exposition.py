"""The numbers as Prometheus text, through the official client's exposition format."""

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector, CollectorRegistry

from smartqueue.metrics import DURATION, DURATION_BUCKETS_SECONDS, Counter, Gauge
from smartqueue.store.attempts import Gauges

CONTENT_TYPE = CONTENT_TYPE_LATEST


class Numbers(Collector):
    """What was counted (from Valkey) and how things stand (from Postgres)."""

    def __init__(self, counters: Mapping[str, str], histogram: Mapping[str, str], gauges: Gauges) -> None:
        self._counters = counters
        self._histogram = histogram
        self._gauges = gauges

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, also those still at zero, so that dashboards never miss one."""
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

    def _cumulative(self) -> list[tuple[str, float]]:
        total = 0.0
        buckets: list[tuple[str, float]] = []
        for bound in (*map(str, DURATION_BUCKETS_SECONDS), "+Inf"):
            total += float(self._histogram.get(bound, 0))
            buckets.append((bound, total))
        return buckets


def render(counters: Mapping[str, str], histogram: Mapping[str, str], gauges: Gauges) -> str:
    """Return the exposition text."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Numbers(counters, histogram, gauges))
    return generate_latest(registry).decode()
