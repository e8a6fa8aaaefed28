"""What every line of the board and every rule must say, from the raw samples alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.prometheus.board import prices
from tests.prometheus.readings import TIMER, Readings

if TYPE_CHECKING:
    from collections.abc import Callable

    # None: no series at all, which for an alert means that it has no reason to fire.
    type Expectation = Callable[[Readings], float | None]

FAILED, COMPLETED = "jobs_failed_total", "jobs_completed_total"
HITS, MISSES = "classification_cache_hits_total", "classification_cache_misses_total"
BY_AI, BY_RULES, MODEL_FAILED = (
    "classifications_ai_total",
    "classifications_fallback_total",
    "classifications_model_failed_total",
)
PENDING_AGE = "oldest_pending_job_age_seconds"


def _now(name: str) -> Expectation:
    return lambda seen: seen.value(name)


def _per_minute(name: str) -> Expectation:
    return lambda seen: 60 * seen.rate(name)


def _percent(part: str, rest: str) -> Expectation:
    return lambda seen: 100 * seen.share(part, rest)


def _share(part: str, rest: str) -> Expectation:
    return lambda seen: seen.share(part, rest)


def _quantile(fraction: float) -> Expectation:
    return lambda seen: seen.quantile(fraction)


def _mean_duration(seen: Readings) -> float | None:
    count = seen.increase(f"{TIMER}_count")
    return seen.increase(f"{TIMER}_sum") / count if count else None


def _dollars_a_day(seen: Readings) -> float:
    return sum(86_400 * seen.rate(f"ai_{side}_tokens_total") * price / 1e6 for side, price in prices().items())


PANELS: dict[str, Expectation] = {
    "Up: up": _now("up"),
    "Active jobs: active": _now("active_jobs_count"),
    "Queue age: oldest due job": _now(PENDING_AGE),
    "Outbox backlog: messages": _now("outbox_backlog"),
    "DLQ size: dead letters": _now("dlq_size"),
    "Jobs completed total: completed": _now(COMPLETED),
    "Jobs created/min: created": _per_minute("jobs_created_total"),
    "Jobs failed/min: failed": _per_minute(FAILED),
    "Retries/min: retried": _per_minute("jobs_retried_total"),
    "Processing latency p95 and p50: p95": _quantile(0.95),
    "Processing latency p95 and p50: p50": _quantile(0.5),
    "Processing latency p99: p99": _quantile(0.99),
    "Failure rate %: failed": _percent(FAILED, COMPLETED),
    "Cache hit rate %: known already": _percent(HITS, MISSES),
    "Attempts/min: attempts": _per_minute("attempts_total"),
    "Attempts/min: completed": _per_minute(COMPLETED),
    "Leases expired/min: leases expired": _per_minute("leases_expired_total"),
    "Leases expired/min: rescued": _per_minute("jobs_rescued_total"),
    "DLQ inflow and outflow/min: sent to DLQ": _per_minute("jobs_sent_to_dlq_total"),
    "DLQ inflow and outflow/min: replayed": _per_minute("jobs_replayed_total"),
    "DLQ inflow and outflow/min: discarded": _per_minute("jobs_discarded_total"),
    "DLQ age: oldest dead letter": _now("oldest_dead_letter_age_seconds"),
    "Cancelled, duplicate and unreadable/min: jobs cancelled": _per_minute("jobs_cancelled_total"),
    "Cancelled, duplicate and unreadable/min: duplicate events": _per_minute("duplicate_events_total"),
    "Cancelled, duplicate and unreadable/min: poison records": _per_minute("poison_records_total"),
    "Classification source/min: AI": _per_minute(BY_AI),
    "Classification source/min: rules": _per_minute(BY_RULES),
    "Classification source/min: model failed": _per_minute(MODEL_FAILED),
    "AI tokens/min: input": _per_minute("ai_input_tokens_total"),
    "AI tokens/min: output": _per_minute("ai_output_tokens_total"),
    "AI tokens/min: all": _per_minute("ai_tokens_total"),
    "AI cost per day: dollars a day": _dollars_a_day,
    "Time per handler: mean": _mean_duration,
    "Scrape duration: scrape": _now("scrape_duration_seconds"),
    "Books and audit trail: jobs unaccounted": _now("jobs_unaccounted"),
    "Books and audit trail: audit problems": _now("audit_problems"),
    "Removed after their time/min: jobs": _per_minute("jobs_removed_total"),
    "Removed after their time/min: audit rows": _per_minute("audit_rows_removed_total"),
}

RECORDINGS: dict[str, Expectation] = {
    "stage:jobs_created_per_minute:rate5m": _per_minute("jobs_created_total"),
    "stage:jobs_completed_per_minute:rate5m": _per_minute(COMPLETED),
    "stage:jobs_failed_per_minute:rate5m": _per_minute(FAILED),
    "stage:jobs_retried_per_minute:rate5m": _per_minute("jobs_retried_total"),
    "stage:attempts_per_minute:rate5m": _per_minute("attempts_total"),
    "stage:job_failure_ratio:rate5m": _share(FAILED, COMPLETED),
    "stage:classification_cache_hit_ratio:rate5m": _share(HITS, MISSES),
    "stage:classification_fallback_ratio:rate5m": _share(BY_RULES, BY_AI),
    "stage:job_processing_duration_seconds:p50_5m": _quantile(0.5),
    "stage:job_processing_duration_seconds:p95_5m": _quantile(0.95),
    "stage:job_processing_duration_seconds:p99_5m": _quantile(0.99),
}


def _above(name: str, limit: float) -> Expectation:
    return lambda seen: seen.value(name) if seen.value(name) > limit else None


def _scrape_failing(seen: Readings) -> float | None:
    return 0.0 if seen.value("up") == 0 else None


def _jobs_failing(seen: Readings) -> float | None:
    failed = seen.increase(FAILED)
    # The result of `a >= 5 and b` is a.
    return failed if failed >= 5 and seen.share(FAILED, COMPLETED) > 0.1 else None


def _dead_letters_growing(seen: Readings) -> float | None:
    return seen.increase("jobs_sent_to_dlq_total") or None


def _standstill(seen: Readings) -> float | None:
    age = seen.value(PENDING_AGE)
    return age if age > 60 and not seen.increase("attempts_total") else None


def _model_away(seen: Readings) -> float | None:
    failed = seen.increase(MODEL_FAILED)
    classified = seen.increase(BY_AI) + seen.increase(BY_RULES)
    return failed if failed >= 10 and failed / classified > 0.5 else None


ALERTS: dict[str, Expectation] = {
    "SmartQueueScrapeFailing": _scrape_failing,
    # It is about there being no stage at all, so no stage has it.
    "SmartQueueNotScraped": lambda _: None,
    "SmartQueueJobsFailing": _jobs_failing,
    "SmartQueueDeadLettersGrowing": _dead_letters_growing,
    "SmartQueueJobsWaiting": _above(PENDING_AGE, 300),
    "SmartQueueStandstill": _standstill,
    "SmartQueueOutboxBacklog": _above("outbox_backlog", 1000),
    "SmartQueueModelAway": _model_away,
    "SmartQueueJobsUnaccounted": _above("jobs_unaccounted", 0),
    "SmartQueueAuditTrailBroken": _above("audit_problems", 0),
}
