"""Counters, the timer and gauges, by the names that dashboards know.

Each number goes two ways: to CloudWatch as an EMF line, and into Valkey, from where GET /metrics renders it. An
in-process counter would be wrong on Lambda, where every environment has its own and nobody scrapes it.
"""

import json
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from itertools import batched
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit

from smartqueue.cache import cache_optional
from smartqueue.dimensions import stage_dimensions

if TYPE_CHECKING:
    from smartqueue.cache import Cache

COUNTERS_KEY = "metrics:counters"
HISTOGRAM_KEY = "metrics:histogram:job_processing_duration_seconds"
GAUGES_KEY = "metrics:gauges"
# Of one metric in one line: docs, AmazonCloudWatch, Embedded Metric Format specification.
MAX_VALUES = 100
DURATION_BUCKETS_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Counter(StrEnum):
    """Everything that is counted. The first eight are the original's."""

    JOBS_CREATED = "jobs_created_total"
    JOBS_COMPLETED = "jobs_completed_total"
    JOBS_FAILED = "jobs_failed_total"
    JOBS_RETRIED = "jobs_retried_total"
    JOBS_SENT_TO_DLQ = "jobs_sent_to_dlq_total"
    JOBS_REPLAYED = "jobs_replayed_total"
    CACHE_HITS = "classification_cache_hits_total"
    CACHE_MISSES = "classification_cache_misses_total"
    JOBS_CANCELLED = "jobs_cancelled_total"
    JOBS_DISCARDED = "jobs_discarded_total"
    JOBS_RESCUED = "jobs_rescued_total"
    ATTEMPTS = "attempts_total"
    LEASES_EXPIRED = "leases_expired_total"
    JOBS_REMOVED = "jobs_removed_total"
    AUDIT_ROWS_REMOVED = "audit_rows_removed_total"
    POISON_RECORDS = "poison_records_total"
    DUPLICATE_EVENTS = "duplicate_events_total"
    CLASSIFIED_BY_AI = "classifications_ai_total"
    CLASSIFIED_BY_RULES = "classifications_fallback_total"
    MODEL_FAILED = "classifications_model_failed_total"
    AI_TOKENS = "ai_tokens_total"
    AI_INPUT_TOKENS = "ai_input_tokens_total"
    AI_OUTPUT_TOKENS = "ai_output_tokens_total"


class Gauge(StrEnum):
    """Everything that is measured as it stands."""

    ACTIVE_JOBS = "active_jobs_count"
    DLQ_SIZE = "dlq_size"
    OUTBOX_BACKLOG = "outbox_backlog"
    OLDEST_PENDING = "oldest_pending_job_age_seconds"
    OLDEST_DEAD_LETTER = "oldest_dead_letter_age_seconds"
    JOBS_UNACCOUNTED = "jobs_unaccounted"
    AUDIT_PROBLEMS = "audit_problems"


# Too costly to measure whenever GET /metrics is asked: it tells what was measured last.
SHARED_GAUGES = frozenset({Gauge.JOBS_UNACCOUNTED, Gauge.AUDIT_PROBLEMS})


DURATION = "job_processing_duration_seconds"


class Meter:
    """What one invocation counted, sent once at its end."""

    def __init__(self, cache: "Cache | None") -> None:
        self._cache = cache
        self._counts: Tally[Counter] = Tally()
        self._durations: list[float] = []
        self._gauges: dict[Gauge, float] = {}

    def count(self, counter: Counter, number: int = 1) -> None:
        """Add to a counter."""
        self._counts[counter] += number

    def observe_duration(self, seconds: float) -> None:
        """Record how long a handler ran."""
        self._durations.append(seconds)

    def set_gauge(self, gauge: Gauge, value: float) -> None:
        """Record how things stand; all but SHARED_GAUGES for CloudWatch only: GET /metrics asks the database itself."""
        self._gauges[gauge] = value

    def flush(self) -> None:
        """Print the EMF lines and add to the shared counters, in one round trip. Never raises for the cache."""
        counts = {counter: number for counter, number in self._counts.items() if number}
        if counts or self._durations or self._gauges:
            self._print(counts)
        if self._cache is not None and (counts or self._durations or SHARED_GAUGES & self._gauges.keys()):
            with cache_optional("metrics"):
                self._share(self._cache, counts)
        self._counts.clear()
        self._durations.clear()
        self._gauges.clear()

    def _print(self, counts: Mapping[Counter, int]) -> None:
        metrics = Metrics()
        for dimension, of_ours in stage_dimensions().items():
            metrics.add_dimension(dimension, of_ours)
        values: dict[str, dict[str, Any]] = {
            counter: _metric(MetricUnit.Count, [float(number)]) for counter, number in counts.items()
        }
        for gauge, value in self._gauges.items():
            values[gauge] = _metric(MetricUnit.Seconds if gauge.endswith("_seconds") else MetricUnit.Count, [value])
        # Not with add_metric, which writes all earlier values of a metric into a debug line for each new one.
        lines = [{DURATION: _metric(MetricUnit.Seconds, some)} for some in batched(self._durations, MAX_VALUES)] or [{}]
        lines[0].update(values)
        for line in lines:
            print(json.dumps(metrics.serialize_metric_set(metrics=line)))  # noqa: T201 - where EMF is read from
        metrics.clear_metrics()

    def _share(self, cache: "Cache", counts: Mapping[Counter, int]) -> None:
        pipeline = cache.pipeline(transaction=False)
        for counter, number in counts.items():
            pipeline.hincrby(COUNTERS_KEY, counter, number)
        for bucket, number in Tally(_bucket(seconds) for seconds in self._durations).items():
            pipeline.hincrby(HISTOGRAM_KEY, bucket, number)
        if self._durations:
            pipeline.hincrbyfloat(HISTOGRAM_KEY, "sum", sum(self._durations))
        for gauge in sorted(SHARED_GAUGES & self._gauges.keys()):
            pipeline.hset(GAUGES_KEY, gauge, str(self._gauges[gauge]))
        pipeline.execute()


def _metric(unit: MetricUnit, values: Iterable[float]) -> dict[str, Any]:
    return {"Unit": unit.value, "Value": [round(value, 6) for value in values]}


def _bucket(seconds: float) -> str:
    return next((str(bound) for bound in DURATION_BUCKETS_SECONDS if seconds <= bound), "+Inf")


@contextmanager
def metered(cache: "Cache | None") -> Iterator[Meter]:
    """Give a meter and flush it at the end, whatever happens."""
    meter = Meter(cache)
    try:
        yield meter
    finally:
        meter.flush()
