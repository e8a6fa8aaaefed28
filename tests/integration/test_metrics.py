"""GET /metrics: the numbers by the original's names are what was done."""

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from functions.process.records import decode, read_records
from smartqueue.ids import new_id
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.queries import load
from tests.integration.harness import SCRAPE_TOKEN, Plane, msk_event
from tests.integration.parts import Parts
from tests.integration.topics import FakeRecord

ORIGINAL = {
    "jobs_created_total",
    "jobs_completed_total",
    "jobs_failed_total",
    "jobs_retried_total",
    "jobs_sent_to_dlq_total",
    "jobs_replayed_total",
    "classification_cache_hits_total",
    "classification_cache_misses_total",
}


def scrape(plane: Plane) -> dict[str, float]:
    """Return the samples by name, buckets by name and bound."""
    answer = plane.call("metrics", "GET", "/metrics", token=SCRAPE_TOKEN)
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain")
    return {
        sample.name + sample.labels.get("le", ""): sample.value
        for family in text_string_to_metric_families(answer.body)
        for sample in family.samples
    }


def test_everything_is_there_before_anything_happened(plane: Plane) -> None:
    numbers = scrape(plane)
    wanted = ORIGINAL | {"active_jobs_count", "dlq_size", "job_processing_duration_seconds_count"}
    assert {name: numbers[name] for name in wanted} == dict.fromkeys(wanted, 0)


def test_the_numbers_are_what_was_done(plane: Plane) -> None:
    token = plane.admin()
    plane.submit_many(token, 3)
    plane.submit_many(token, 4, type="simulate", payload={"durationSeconds": 0})
    plane.submit_many(token, 2, type="simulate", payload={"durationSeconds": 0, "failTimes": 1})
    dead = plane.submit_many(
        token, 3, type="simulate", payload={"durationSeconds": 0, "failTimes": 1}, retry={"count": 0}
    )
    records = plane.records()
    plane.deliver("classify", records)
    plane.deliver("process", [*records, FakeRecord(value=b"poison")])
    plane.deliver("process", records)
    plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead[0])
    plane.call("replay", "POST", "/admin/dlq/discard", {"jobIds": [dead[1]]}, token=token)
    cancelled = plane.simulate(token)
    plane.call("submit", "POST", "/jobs/{jobId}/cancel", token=token, jobId=cancelled)

    numbers = scrape(plane)
    assert {
        name: numbers[f"{name}_total"]
        for name in (
            "jobs_created",
            "jobs_completed",
            "jobs_failed",
            "jobs_retried",
            "jobs_sent_to_dlq",
            "jobs_replayed",
            "jobs_cancelled",
            "jobs_discarded",
            "poison_records",
            "classifications_fallback",
            "duplicate_events",
            "attempts",
            "leases_expired",
        )
    } == {
        "jobs_created": 13,
        "jobs_completed": 7,
        "jobs_failed": 3,
        "jobs_retried": 2,
        "jobs_sent_to_dlq": 3,
        "jobs_replayed": 1,
        "jobs_cancelled": 1,
        "jobs_discarded": 1,
        "poison_records": 1,
        "classifications_fallback": 12,
        # All were delivered once more.
        "duplicate_events": 12,
        "attempts": 12,
        "leases_expired": 0,
    }
    # Two wait for their retry and one was replayed; one dead is neither replayed nor discarded.
    assert (numbers["active_jobs_count"], numbers["dlq_size"]) == (3, 1)
    assert numbers["job_processing_duration_seconds_count"] == 12
    assert numbers["job_processing_duration_seconds_bucket+Inf"] == 12
    assert 0 < numbers["job_processing_duration_seconds_sum"] < 12
    buckets = [value for name, value in numbers.items() if name.startswith("job_processing_duration_seconds_bucket")]
    assert buckets == sorted(buckets)


def test_leases_that_ran_out_are_told_from_other_rescues(plane: Plane, parts: Parts) -> None:
    job = plane.simulate(plane.admin())
    [record] = read_records(msk_event(plane.records()))
    store = AttemptStore(parts.environment("process").database)
    assert store.claim([decode(record)], lease_token=new_id(), lease_seconds=60, username="w").rows
    plane.expire_leases()
    plane.look()
    assert plane.job(job)["status"] == "PENDING"
    plane.rows("DELETE FROM outbox")
    plane.rows("UPDATE jobs SET event_due_at = now() - interval '1 day'")
    plane.look()
    numbers = scrape(plane)
    assert (numbers["leases_expired_total"], numbers["jobs_rescued_total"]) == (1, 2)


def test_the_oldest_dead_letter_has_an_age(plane: Plane) -> None:
    assert scrape(plane)["oldest_dead_letter_age_seconds"] == 0
    token = plane.admin()
    retry = {"count": 0}
    dead = plane.submit_many(token, 2, type="simulate", payload={"durationSeconds": 0, "failTimes": 1}, retry=retry)
    plane.deliver("process", plane.records())
    assert 0 < scrape(plane)["oldest_dead_letter_age_seconds"] < 60
    plane.rows("UPDATE jobs SET completed_at = now() - interval '2 hours' WHERE job_id = %s", dead[0])
    assert 7200 <= scrape(plane)["oldest_dead_letter_age_seconds"] < 7260
    plane.call("replay", "POST", "/admin/dlq/discard", {"jobIds": [dead[0]]}, token=token)
    assert 0 < scrape(plane)["oldest_dead_letter_age_seconds"] < 60


def test_an_event_that_comes_before_the_classification_is_no_duplicate(plane: Plane) -> None:
    plane.submit_many(plane.admin(), 2)
    records = plane.records()
    plane.deliver("process", records)
    assert scrape(plane)["duplicate_events_total"] == 0
    plane.deliver("process", records)
    assert scrape(plane)["duplicate_events_total"] == 0, "it may still run the job"
    plane.deliver("classify", records)
    plane.deliver("process", plane.records())
    plane.deliver("process", records)
    assert scrape(plane)["duplicate_events_total"] == 2


def test_jobs_submitted_as_a_repetition_are_not_counted_again(plane: Plane) -> None:
    token = plane.admin()
    for _ in range(3):
        plane.call("submit", "POST", "/jobs", {"title": "x"}, token=token, headers={"idempotency-key": "k"})
    assert scrape(plane)["jobs_created_total"] == 1


def test_the_outbox_and_the_age_of_the_oldest_job_show_a_stall(plane: Plane) -> None:
    plane.simulate(plane.admin())
    plane.rows("UPDATE jobs SET event_due_at = now() - interval '100 s'")
    plane.rows(
        "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)"
        " VALUES (uuidv7(), 'tenant-a', 'job-results', 'k', '{}', '{}', now()),"
        " (uuidv7(), 'tenant-a', 'job-results', 'k', '{}', '{}', now() + interval '1 hour')"
    )
    numbers = scrape(plane)
    assert numbers["outbox_backlog"] == 1
    assert 100 <= numbers["oldest_pending_job_age_seconds"] < 160


def test_a_job_that_rests_between_two_attempts_does_not_count_as_waiting(plane: Plane) -> None:
    plane.simulate(plane.admin(), retry={"count": 1, "baseSeconds": 60}, durationSeconds=0, failTimes=1)
    records = plane.records()
    plane.deliver("process", records)
    # It is classified while it rests, which changes nothing about when it is due.
    plane.deliver("classify", records)
    assert [row["category"] is None for row in plane.rows("SELECT category FROM jobs")] == [False]
    assert scrape(plane)["oldest_pending_job_age_seconds"] == 0


@pytest.mark.parametrize("token", [None, "wrong", ""])
def test_only_the_scrape_credential_opens_it(plane: Plane, token: str | None) -> None:
    answer = plane.call("metrics", "GET", "/metrics", token=token)
    assert answer.status == 401
    assert "jobs_created_total" not in str(answer.body)
    user = plane.admin()
    assert plane.call("metrics", "GET", "/metrics", token=user).status == 401


def test_counting_reads_no_job_that_is_over(plane: Plane) -> None:
    with psycopg.connect(plane.postgres.superuser_url) as connection:
        # An index that does not fit is not used however dear the scan is.
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute("EXPLAIN " + load("attempts")["gauges"]).fetchall()
    assert [line for (line,) in plan if "Seq Scan on jobs" in line] == []
