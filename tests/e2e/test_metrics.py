"""Metrics: GET /metrics and CloudWatch both say what was done, number for number."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from localstack.aws import client
from tests.e2e.client import Caller, Rest, Tenant, expect_problem, unique
from tests.e2e.cloud import DIMENSIONS, NAMESPACE
from tests.e2e.waiting import wait_until
from tests.fakes.openai_answers import COMPLETION_TOKENS, PROMPT_TOKENS

if TYPE_CHECKING:
    import httpx2

    from tests.e2e.cloud import LocalCloud

COUNTERS = (
    *("jobs_created_total", "jobs_completed_total", "jobs_failed_total", "jobs_retried_total"),
    *("jobs_sent_to_dlq_total", "jobs_replayed_total"),
    *("classification_cache_hits_total", "classification_cache_misses_total"),
)
MORE_COUNTERS = (
    *("jobs_cancelled_total", "jobs_discarded_total", "classifications_ai_total", "attempts_total"),
    *("ai_tokens_total", "ai_input_tokens_total", "ai_output_tokens_total"),
)
TIMER = "job_processing_duration_seconds"
PANELS = (
    *("jobs_created_total", "jobs_failed_total", "jobs_completed_total", "jobs_retried_total"),
    *("active_jobs_count", "dlq_size"),
    *("classification_cache_hits_total", "classification_cache_misses_total"),
)


def is_balanced(numbers: dict[str, float]) -> bool:
    """Nothing is under way, and all that was ever put in has come out."""
    put_in = numbers["jobs_created_total"] + numbers["jobs_replayed_total"]
    came_out = sum(numbers[f"jobs_{end}_total"] for end in ("completed", "failed", "cancelled"))
    return numbers["active_jobs_count"] == 0 and put_in == came_out


@pytest.fixture
def quiet(cloud: LocalCloud, http: httpx2.Client) -> dict[str, float]:
    """The numbers once earlier tests' jobs have ended."""

    def look() -> dict[str, float] | None:
        # A group commits after its function has answered, and a function sends its numbers before.
        if any(cloud.lag(group) for group in ("job-processor", "job-classifier")):
            return None
        numbers = cloud.scrape(http)
        return numbers if is_balanced(numbers) else None

    return wait_until(look, "every job at its end and counted", seconds=60)


@pytest.fixture
def done(quiet: dict[str, float], tenant: Tenant, rest: Rest) -> dict[str, float]:
    """What a little of everything must have added to the numbers."""
    title = unique("Postgres outage")
    for _ in range(3):
        tenant.admin.wait_for(tenant.admin.submit(title)["jobId"], "COMPLETED")
    payload = {"durationSeconds": 0.3, "failTimes": 1}
    retried = tenant.admin.submit(type="simulate", payload=payload, retry={"count": 1, "baseSeconds": 0.1})
    tenant.admin.wait_for(retried["jobId"], "COMPLETED")
    replayed, discarded, kept = (tenant.failed_job() for _ in range(3))
    tenant.admin.post(f"/admin/jobs/{replayed['jobId']}/replay")
    tenant.admin.wait_for(replayed["jobId"], "FAILED")
    tenant.admin.post("/admin/dlq/discard", {"jobIds": [discarded["jobId"]]})
    tenant.admin.post(f"/jobs/{rest(tenant)['jobId']}/cancel")
    assert tenant.admin.job(kept["jobId"])["status"] == "FAILED"
    # By kind of job: three tickets, one retried, three that failed (one of them twice), one cancelled.
    return {
        "jobs_created_total": 3 + 1 + 3 + 1,
        "jobs_completed_total": 3 + 1,
        "jobs_failed_total": 3 + 1,
        "jobs_retried_total": 1 + 1,
        "jobs_sent_to_dlq_total": 3 + 1,
        "jobs_replayed_total": 1,
        "jobs_cancelled_total": 1,
        "jobs_discarded_total": 1,
        # Titles are classified for every type: the ticket's, "A job", "Fails for good" and "Rests", once each.
        "classification_cache_misses_total": 4,
        "classification_cache_hits_total": 2 + 2,
        "classifications_ai_total": 4 + 4,
        # Four titles were asked about.
        "ai_input_tokens_total": 4 * PROMPT_TOKENS,
        "ai_output_tokens_total": 4 * COMPLETION_TOKENS,
        "ai_tokens_total": 4 * (PROMPT_TOKENS + COMPLETION_TOKENS),
        "attempts_total": 3 + 2 + 4 + 1,
        "dlq_size": 2,
        f"{TIMER}_count": 3 + 2 + 4 + 1,
    }


def test_both_ways_say_what_was_done(
    quiet: dict[str, float], done: dict[str, float], cloud: LocalCloud, http: httpx2.Client
) -> None:
    names = (*COUNTERS, *MORE_COUNTERS)

    def added() -> dict[str, float]:
        now = cloud.scrape(http)
        return {name: now[name] - quiet[name] for name in done}

    wait_until(lambda: added() == done, f"{done} in GET /metrics", seconds=20)
    assert is_balanced(cloud.scrape(http))

    # CloudWatch has seen the same since the cloud was started, whatever else was done in it.
    def apart() -> dict[str, tuple[float, float]]:
        scraped, seen = cloud.scrape(http), cloud.sums(*names)
        return {name: (scraped[name], seen[name]) for name in names if scraped[name] != seen[name]}

    wait_until(lambda: not apart(), "the same numbers in CloudWatch", seconds=30, pause=0.5)


def test_the_timer_has_buckets_a_sum_and_percentiles(
    done: dict[str, float], cloud: LocalCloud, http: httpx2.Client
) -> None:
    numbers = cloud.scrape(http)
    assert numbers[f"{TIMER}_count"] >= done[f"{TIMER}_count"]
    assert numbers[f"{TIMER}_sum"] > 0.6
    text = http.get("metrics", headers={"Authorization": f"Bearer {cloud.scrape_credential()}"}).text
    assert f'{TIMER}_bucket{{le="+Inf"}} {numbers[f"{TIMER}_count"]}' in text

    def percentiles() -> dict[str, float] | None:
        metrics = client("cloudwatch", cloud.endpoints.aws)
        answer = metrics.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=TIMER,
            Dimensions=DIMENSIONS,
            StartTime=cloud.started,
            EndTime=cloud.started.replace(year=cloud.started.year + 1),
            Period=24 * 3600,
            ExtendedStatistics=["p50", "p95", "p99"],
        )
        return answer["Datapoints"][0]["ExtendedStatistics"] if answer["Datapoints"] else None

    found = wait_until(percentiles, "percentiles in CloudWatch")
    assert 0 <= found["p50"] <= found["p95"] <= found["p99"]
    assert found["p99"] >= 0.3


def test_gauges_reach_cloudwatch(cloud: LocalCloud) -> None:
    metrics = client("cloudwatch", cloud.endpoints.aws)

    def known() -> bool:
        listed = metrics.list_metrics(Namespace="SmartTaskQueue")["Metrics"]
        return {"active_jobs_count", "dlq_size", "outbox_backlog"} <= {metric["MetricName"] for metric in listed}

    # The emulator shows what an invocation logged once it has ended, and the relay's lasts for a minute.
    wait_until(known, "the relay's gauges", seconds=90)


def test_only_the_scrape_credential_opens_the_metrics(tenant: Tenant, anonymous: Caller) -> None:
    expect_problem(anonymous.call("GET", "/metrics"), 401)
    expect_problem(tenant.admin.call("GET", "/metrics"), 401)


def test_the_dashboard_shows_the_originals_nine_panels(cloud: LocalCloud) -> None:
    dashboards = client("cloudwatch", cloud.endpoints.aws)
    board = dashboards.get_dashboard(DashboardName="smartqueue-local-detail")
    body: dict[str, Any] = json.loads(board["DashboardBody"])

    drawn = json.dumps(body)
    for name in PANELS:
        assert f'"{name}"' in drawn, name
    # Latency by percentile, and the two rates in percent by arithmetic over counters.
    assert f'"{TIMER}"' in drawn
    for percentile in ("p50", "p95"):
        assert f'"{percentile}"' in drawn
    titles = {widget["properties"].get("title") for widget in body["widgets"]}
    assert {"Failure rate %", "Cache hit rate %"} <= titles
