"""The detail about jobs: the nine panels of the original's Grafana board, by its names, and what it did not show."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch

from infra.cdk.components.data_metrics import CONSUMER_GROUPS, lag_metric, undelivered_metric
from infra.cdk.components.metrics import (
    cache_hit_ratio,
    count_or_zero,
    failure_ratio,
    function_metric,
    job_metric,
    rules_ratio,
)
from infra.cdk.components.widgets import graph, total
from infra.cdk.settings import ModelSettings, StageSettings

FIVE_MINUTES = cdk.Duration.minutes(5)
HOUR = cdk.Duration.hours(1)
DAY = cdk.Duration.days(1)
WIDTH = 8

type Rows = Iterator[list[cloudwatch.IWidget]]


def job_rows(stage: StageSettings) -> Rows:
    """The widgets, row by row."""
    yield from _originals(stage.name)
    yield from _waiting(stage.name)
    yield from _dead_letters(stage)
    yield from _books(stage.name)
    yield from _classification(stage.name, stage.model)


def _originals(stage: str) -> Rows:
    duration = "job_processing_duration_seconds"
    yield [
        graph("Jobs created/min", [count_or_zero("jobs_created_total", stage=stage, label="created")], width=WIDTH),
        graph("Jobs failed/min", [count_or_zero("jobs_failed_total", stage=stage, label="failed")], width=WIDTH),
        graph(
            "Processing latency p95 and p50",
            [
                job_metric(duration, stage=stage, statistic=statistic, label=f"{statistic}, seconds")
                for statistic in ("p50", "p95", "p99")
            ],
            width=WIDTH,
        ),
    ]
    yield [
        graph("Failure rate %", [failure_ratio(stage=stage, period=FIVE_MINUTES)], width=WIDTH),
        graph("Active jobs", [_gauge("active_jobs_count", stage, "pending or processing")], width=WIDTH),
        graph("DLQ size", [_gauge("dlq_size", stage, "neither replayed nor discarded")], width=WIDTH),
    ]
    yield [
        total(
            "Jobs completed total",
            job_metric("jobs_completed_total", stage=stage, statistic="Sum", label="completed"),
            width=WIDTH,
        ),
        graph("Cache hit rate %", [cache_hit_ratio(stage=stage, period=FIVE_MINUTES)], width=WIDTH),
        graph("Retries/min", [count_or_zero("jobs_retried_total", stage=stage, label="retried")], width=WIDTH),
    ]


def _waiting(stage: str) -> Rows:
    yield [
        graph("Queue age", [_gauge("oldest_pending_job_age_seconds", stage, "oldest due job, seconds")], width=WIDTH),
        graph(
            "Consumer lag",
            [lag_metric(group, stage=stage) for group in CONSUMER_GROUPS],
            right=[
                lag_metric(group, stage=stage, name="EstimatedMaxTimeLag").with_(label=f"{group}, seconds")
                for group in CONSUMER_GROUPS
            ],
            width=WIDTH,
        ),
        graph("Outbox backlog", [_gauge("outbox_backlog", stage, "due and not published")], width=WIDTH),
    ]
    yield [
        graph("Attempts/min", [count_or_zero("attempts_total", stage=stage, label="begun")], width=WIDTH),
        graph(
            "Leases expired and jobs rescued",
            [
                count_or_zero("leases_expired_total", stage=stage, label="leases expired"),
                count_or_zero("jobs_rescued_total", stage=stage, label="rescued, lost events included"),
            ],
            width=WIDTH,
        ),
        graph(
            "Cancelled, discarded and duplicate",
            [
                count_or_zero("jobs_cancelled_total", stage=stage, label="cancelled"),
                count_or_zero("jobs_discarded_total", stage=stage, label="discarded"),
                count_or_zero("duplicate_events_total", stage=stage, label="duplicate events"),
            ],
            width=WIDTH,
        ),
    ]


def _dead_letters(stage: StageSettings) -> Rows:
    row = [
        graph(
            "DLQ inflow/min",
            [
                count_or_zero("jobs_sent_to_dlq_total", stage=stage.name, label="jobs"),
                count_or_zero("poison_records_total", stage=stage.name, label="unreadable records"),
                count_or_zero("jobs_replayed_total", stage=stage.name, label="replayed"),
            ],
            width=WIDTH,
        ),
        graph(
            "DLQ age",
            [_gauge("oldest_dead_letter_age_seconds", stage.name, "oldest dead letter, seconds")],
            width=WIDTH,
        ),
    ]
    if stage.triggers and stage.triggers.provisioned:
        messages, age = (
            undelivered_metric(name, stage=stage.name, statistic="Maximum", label=label)
            for name, label in (
                ("ApproximateNumberOfMessagesVisible", "batches given up"),
                ("ApproximateAgeOfOldestMessage", "oldest, seconds"),
            )
        )
        row.append(graph("Undelivered queue", [messages], right=[age], width=WIDTH))
    yield row


def _books(stage: str) -> Rows:
    seal = f"smartqueue-{stage}-seal"
    yield [
        graph(
            "Unaccounted jobs", [_gauge("jobs_unaccounted", stage, "jobs that the books do not explain")], width=WIDTH
        ),
        graph(
            "Audit problems", [_gauge("audit_problems", stage, "entries that are not what was written")], width=WIDTH
        ),
        graph(
            "Seals/day",
            [
                function_metric(name, function_name=seal, statistic="Sum", period=DAY, label=label)
                for name, label in (("Invocations", "begun"), ("Errors", "failed"))
            ],
            width=WIDTH,
        ),
    ]
    yield [
        graph(
            "Removed after their time",
            [
                count_or_zero("jobs_removed_total", stage=stage, label="jobs"),
                count_or_zero("audit_rows_removed_total", stage=stage, label="audit rows"),
            ],
            width=WIDTH,
        ),
    ]


def _classification(stage: str, model: ModelSettings) -> Rows:
    yield [
        graph(
            "Classification source",
            [
                count_or_zero("classifications_ai_total", stage=stage, label="model"),
                count_or_zero("classifications_fallback_total", stage=stage, label="rules"),
            ],
            right=[rules_ratio(stage=stage, period=FIVE_MINUTES)],
            stacked=True,
            width=WIDTH,
        ),
        graph("Model cost, dollars/hour", [_dollars(stage, model)], width=WIDTH),
        total("Model cost over the time shown, dollars", _dollars(stage, model), width=WIDTH),
    ]


def _dollars(stage: str, model: ModelSettings) -> cloudwatch.MathExpression:
    prices = {
        "ai_input_tokens_total": model.dollars_per_million_input_tokens,
        "ai_output_tokens_total": model.dollars_per_million_output_tokens,
    }
    tokens = " + ".join(f"FILL({name}, 0) * {price:g}" for name, price in prices.items())
    return cloudwatch.MathExpression(
        expression=f"({tokens}) / 1000000",
        using_metrics={name: job_metric(name, stage=stage, statistic="Sum", period=HOUR) for name in prices},
        label="dollars",
        period=HOUR,
    )


def _gauge(name: str, stage: str, label: str) -> cloudwatch.Metric:
    return job_metric(name, stage=stage, statistic="Maximum", label=label)
