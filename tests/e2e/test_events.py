"""What Kafka may do to us: deliver twice, and carry records that nobody can read."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import kafka_topics
from tests.e2e.client import Tenant, unique
from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    import httpx2

    from tests.e2e.cloud import LocalCloud

DAY_SECONDS = 24 * 3600


def test_an_event_delivered_twice_runs_its_job_once(tenant: Tenant, cloud: LocalCloud, http: httpx2.Client) -> None:
    job_id = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0})["jobId"]
    done = tenant.admin.wait_for(job_id, "COMPLETED", classified=True)
    created = next(record for record in cloud.records("job-events") if record.key == job_id)
    before = cloud.scrape(http)["jobs_completed_total"]

    # The same record again, and the same event made anew: the database knows better than any event id.
    for value in (created.value, json.dumps(created.body | {"eventId": unique("again")}).encode()):
        kafka_topics.write(cloud.endpoints.kafka, "job-events", key=job_id, value=value, headers=created.headers)
    last = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0})["jobId"]
    tenant.admin.wait_for(last, "COMPLETED")
    wait_until(lambda: cloud.scrape(http)["jobs_completed_total"] > before, "the count of the last job")

    # The trigger reads each partition in order; group lag zero says that the repetitions were read.
    wait_until(lambda: cloud.lag("job-processor") == 0, "everything read")
    assert tenant.admin.job(job_id) == done
    # Not by the state alone: a classification that comes while the job runs says PROCESSING, too.
    moves = [(step["fromState"], step["toState"]) for step in tenant.admin.steps(job_id)]
    starts = [move for move in moves if move == ("PENDING", "PROCESSING")]
    assert len(starts) == 1


def test_the_idempotency_key_of_an_event_is_kept_for_a_day(tenant: Tenant, cloud: LocalCloud) -> None:
    job_id = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0})["jobId"]
    tenant.admin.wait_for(job_id, "COMPLETED")

    with cloud.cache() as cache:
        [key] = cache.scan_iter(f"{{{job_id}}}:*JOB_CREATED*")
        wait_until(lambda: cache.get(key) == "DONE", "the mark of a finished event")
        assert DAY_SECONDS - 300 < int(cache.ttl(key)) <= DAY_SECONDS


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"\xff\xfe not json", "NOT_JSON"),
        (b"[1, 2]", "WRONG_SCHEMA"),
        (b'{"eventType": "JOB_TELEPORTED"}', "UNKNOWN_TYPE"),
        (b'{"eventType": "JOB_CREATED", "jobId": "nonsense"}', "WRONG_SCHEMA"),
    ],
    ids=["not JSON", "not an object", "unknown type", "wrong fields"],
)
def test_a_poison_record_is_put_aside_with_its_bytes(
    value: bytes, reason: str, tenant: Tenant, cloud: LocalCloud
) -> None:
    # With a job's own key it stands in the way of that job's events, if it stands in anybody's way.
    job_id = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0, "failTimes": 1})["jobId"]
    kafka_topics.write(
        cloud.endpoints.kafka, "job-events", key=job_id, value=value, headers={"correlation_id": "from-elsewhere"}
    )

    def look() -> list[dict[str, Any]]:
        letters = [r.body for r in cloud.records("job-dlq") if r.key.startswith("job-events-")]
        return [letter for letter in letters if base64.b64decode(letter.get("keyBase64") or "").decode() == job_id]

    letters = wait_until(look, "the poison record on job-dlq")
    assert len(letters) == 1
    assert letters[0]["failureReason"] == reason
    assert base64.b64decode(letters[0]["valueBase64"]) == value
    assert letters[0]["correlationId"] == "from-elsewhere"
    tenant.admin.wait_for(job_id, "COMPLETED")


def test_an_event_of_another_tenant_for_ones_own_job_does_nothing(tenant: Tenant, cloud: LocalCloud) -> None:
    job = tenant.failed_job()
    created = next(record for record in cloud.records("job-events") if record.key == job["jobId"])
    forged = created.body | {"tenantId": "somebody-else", "eventType": "JOB_REPLAYED", "replayCount": 1}

    kafka_topics.write(cloud.endpoints.kafka, "job-events", key=job["jobId"], value=json.dumps(forged).encode())

    def look() -> list[str]:
        aside = [r.body for r in cloud.records("job-dlq") if "keyBase64" in r.body]
        mine = [b for b in aside if base64.b64decode(b["keyBase64"] or "").decode() == job["jobId"]]
        return [body["failureReason"] for body in mine]

    assert wait_until(look, "the forged record on job-dlq") == ["UNKNOWN_JOB"]
    assert tenant.admin.job(job["jobId"]) == job
