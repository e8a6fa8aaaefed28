"""Jobs of every fate on the local stack, and the numbers that they must leave in GET /metrics."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from localstack.aws import client
from localstack.endpoints import FUNCTION_PREFIX
from tests.e2e import kafka_topics
from tests.e2e.client import Tenant, unique
from tests.e2e.waiting import wait_until
from tests.fakes.openai_answers import COMPLETION_TOKENS, PROMPT_TOKENS

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx2

    from tests.e2e.cloud import LocalCloud
    from tests.fakes.openai_server import FakeOpenAI

HANDLER_SECONDS = 0.3
SLOW_JOBS = 8
SETTLED_SECONDS = 20


@dataclass(frozen=True)
class Story:
    """What was done. numbers: by name in GET /metrics. dead_since: when the oldest dead job failed.

    duplicates: the events that came twice because we sent them; a classification that comes early makes more of them.
    """

    numbers: Mapping[str, float]
    duplicates: int
    dead_since: float


def tell(tenant: Tenant, cloud: LocalCloud, http: httpx2.Client, model: FakeOpenAI) -> Story:
    """Let it happen in a cloud where nothing has happened yet, and wait until all of it is counted."""
    untouched = cloud.scrape(http)
    assert not any(untouched.values()), f"somebody has been here: {untouched}"
    admin = tenant.admin

    title = unique("Postgres outage")
    for _ in range(3):
        admin.wait_for(admin.submit(title)["jobId"], "COMPLETED")
    refused = admin.wait_for(admin.submit(unique("A riddle [ai:refusal]"))["jobId"], "COMPLETED")
    assert refused["classificationSource"] == "FALLBACK"

    retried = admin.submit(
        "Runs", type="simulate", payload={"durationSeconds": 0, "failTimes": 2}, retry={"count": 2, "baseSeconds": 0.1}
    )
    admin.wait_for(retried["jobId"], "COMPLETED", classified=True)
    slow = [
        admin.submit("Runs", type="simulate", payload={"durationSeconds": HANDLER_SECONDS})["jobId"]
        for _ in range(SLOW_JOBS)
    ]
    dead = [tenant.failed_job()["jobId"] for _ in range(5)]
    for job_id in slow:
        admin.wait_for(job_id, "COMPLETED", classified=True)

    admin.post(f"/admin/jobs/{dead[0]}/replay")
    admin.wait_for(dead[0], "FAILED")
    admin.post("/admin/dlq/discard", {"jobIds": dead[1:3]})
    cancelled, _ = tenant.resting_job(), tenant.resting_job()
    admin.wait_for(cancelled["jobId"], "PENDING", classified=True)
    admin.post(f"/jobs/{cancelled['jobId']}/cancel")
    _send_twice(cloud, slow[0])
    kafka_topics.write(cloud.endpoints.kafka, "job-events", key=slow[0], value=b"\xff not an event")

    _seal(cloud)

    attempts = 3 + 1 + 3 + SLOW_JOBS + (5 + 1) + 2
    titles = 1 + 1 + len({"Runs", "Fails for good", "Rests"})
    jobs = 3 + 1 + 1 + SLOW_JOBS + 5 + 2
    numbers = {
        "jobs_created_total": jobs,
        "jobs_completed_total": 3 + 1 + 1 + SLOW_JOBS,
        "jobs_failed_total": 5 + 1,
        "jobs_retried_total": 2 + 2,
        "jobs_sent_to_dlq_total": 5 + 1,
        "jobs_replayed_total": 1,
        "jobs_discarded_total": 2,
        "jobs_cancelled_total": 1,
        "jobs_rescued_total": 0,
        "leases_expired_total": 0,
        "jobs_removed_total": 0,
        "audit_rows_removed_total": 0,
        "attempts_total": attempts,
        "job_processing_duration_seconds_count": attempts,
        "poison_records_total": 1,
        "classification_cache_misses_total": titles,
        "classification_cache_hits_total": jobs - titles,
        "classifications_ai_total": jobs - 1,
        "classifications_fallback_total": 1,
        "classifications_model_failed_total": 1,
        "ai_input_tokens_total": model.calls * PROMPT_TOKENS,
        "ai_output_tokens_total": model.calls * COMPLETION_TOKENS,
        "ai_tokens_total": model.calls * (PROMPT_TOKENS + COMPLETION_TOKENS),
        "active_jobs_count": 1,
        "dlq_size": 5 - 2,
        "outbox_backlog": 0,
        "oldest_pending_job_age_seconds": 0,
        "jobs_unaccounted": 0,
        "audit_problems": 0,
    }

    def different() -> dict[str, tuple[float, float | None]]:
        seen = cloud.scrape(http)
        return {name: (number, seen.get(name)) for name, number in numbers.items() if seen.get(name) != number}

    def settled() -> bool:
        return not different() and cloud.lag("job-processor") == 0

    with suppress(pytest.fail.Exception):
        wait_until(settled, "every job counted", seconds=SETTLED_SECONDS)
    apart = different()
    assert not apart, f"what should be, and what GET /metrics says: {apart}"
    # The one that was replayed has failed anew, and two are discarded.
    kept = min(datetime.fromisoformat(admin.job(job_id)["completedAt"]) for job_id in (dead[0], *dead[3:]))
    return Story(numbers=numbers, duplicates=1, dead_since=kept.timestamp())


def _seal(cloud: LocalCloud) -> None:
    """Have the audit trail sealed, as the clock does once a day."""
    functions = client("lambda", cloud.endpoints.aws, read_timeout_seconds=60)
    assert "FunctionError" not in functions.invoke(FunctionName=f"{FUNCTION_PREFIX}seal", Payload=b"{}")


def _send_twice(cloud: LocalCloud, job_id: str) -> None:
    """Have a job's first event delivered again, as another event."""
    created: dict[str, Any] = next(r.body for r in cloud.records("job-events") if r.key == job_id)
    again = json.dumps(created | {"eventId": unique("again")}).encode()
    kafka_topics.write(cloud.endpoints.kafka, "job-events", key=job_id, value=again)
