"""Kafka away: submitting still answers 201, work that was done stays done, and all of it is told once Kafka is back."""

import json
import os
import signal
import time

import pytest

from smartqueue.broker import Broker
from smartqueue.errors import PublishError
from smartqueue.events import Message
from smartqueue.settings import KafkaSettings
from tests.integration.harness import Plane, event_types, values
from tests.integration.topics import FakeRecord


def bring_back(plane: Plane) -> None:
    """Start Kafka, let held-back rows be due, and new execution environments take over."""
    plane.kafka.start()
    plane.freshen()
    plane.make_due()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_job_submitted_while_kafka_is_away_gets_201_and_completes_after_it_is_back(
    fragile_plane: Plane, how: str
) -> None:
    plane = fragile_plane
    token = plane.admin()
    before = plane.simulate(token)
    getattr(plane.kafka, how)()

    answer = plane.call("submit", "POST", "/jobs", {"title": "a ticket"}, token=token)
    assert answer.status == 201
    batch = plane.call("submit", "POST", "/jobs/batch", {"jobs": [{"title": "one"}, {"title": "two"}]}, token=token)
    assert (batch.status, batch.body["created"]) == (200, 2)
    assert len(plane.rows("SELECT * FROM outbox")) == 3
    plane.make_due()
    assert plane.look() == 0
    assert len(plane.rows("SELECT * FROM outbox WHERE due_at <= now()")) == 3

    bring_back(plane)
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 4}
    assert plane.job(before)["attempt"] == 1
    assert plane.rows("SELECT * FROM outbox") == []


def test_a_job_finished_while_kafka_is_away_stays_finished_and_is_told_later(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    done, retried = plane.simulate(token), plane.simulate(token, failTimes=1)
    dead = plane.simulate(token, failTimes=9, retry={"count": 0})
    records = plane.records()
    plane.kafka.stop()

    plane.deliver("process", records)
    assert [plane.job(job)["status"] for job in (done, retried, dead)] == ["COMPLETED", "PENDING", "FAILED"]
    topics = [row["topic"] for row in plane.rows("SELECT topic FROM outbox ORDER BY topic")]
    assert topics == ["job-dlq", "job-events", "job-results", "job-results"]

    bring_back(plane)
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 2, "FAILED": 1}
    assert sorted(event_types(plane.records("job-results"))) == ["JOB_COMPLETED", "JOB_COMPLETED", "JOB_FAILED"]
    assert [letter["jobId"] for letter in values(plane.records("job-dlq"))] == [dead]


def test_a_poison_record_makes_the_batch_come_again_while_kafka_is_away_but_costs_no_job_its_attempt(
    fragile_plane: Plane,
) -> None:
    plane = fragile_plane
    job = plane.simulate(plane.admin(), retry={"count": 0})
    batch = [FakeRecord(value=b"\xff not json"), *plane.records()]
    plane.kafka.stop()
    for _ in range(2):
        with pytest.raises(PublishError):
            plane.deliver("process", batch)
    assert plane.job(job)["status"] == "COMPLETED"

    bring_back(plane)
    plane.deliver("process", batch)
    assert [letter["failureReason"] for letter in values(plane.records("job-dlq"))] == ["NOT_JSON"]
    assert [step[2] for step in plane.steps(job)].count("PROCESSING") == 1


def test_cancelling_and_replaying_work_without_kafka(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    waiting = plane.simulate(token, failTimes=1)
    dead = plane.simulate(token, failTimes=1, retry={"count": 0})
    plane.deliver("process", plane.records())
    plane.kafka.stop()

    assert plane.call("submit", "POST", "/jobs/{jobId}/cancel", token=token, jobId=waiting).status == 200
    assert plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead).status == 200

    bring_back(plane)
    plane.drive()
    assert plane.job(waiting)["status"] == "CANCELLED"
    # The replayed run fails again, as the job was told to fail its first attempt.
    assert (plane.job(dead)["status"], plane.job(dead)["replay_count"]) == ("FAILED", 1)
    assert "JOB_CANCELLED" in list(event_types(plane.records("job-results")))


def test_a_producer_that_failed_rests_then_publishes_again(fragile_plane: Plane) -> None:
    plane = fragile_plane
    broker = Broker(KafkaSettings.from_environment(plane.environment("submit")), rest_seconds=0.05)
    message = Message(
        id="1", topic="job-results", key="k", value=json.dumps({"eventType": "X"}), correlation_id="c", tenant_id="t"
    )
    try:
        assert broker.publish([message]) == ["1"]
        plane.kafka.stop()
        assert broker.publish([message]) == []
        plane.kafka.start()
        plane.rows("SELECT pg_sleep(0.06)")
        assert broker.publish([message]) == ["1"]
    finally:
        broker.close()
    assert len(plane.records("job-results")) == 2


def test_the_relay_survives_an_outage_and_publishes_what_was_due_as_soon_as_it_is_over(fragile_plane: Plane) -> None:
    plane = fragile_plane
    plane.configure(RELAY_RUN_SECONDS="0.3", RELAY_POLL_SECONDS="0.05")
    token = plane.admin()
    plane.kafka.stop()
    plane.submit(token)
    plane.make_due()
    assert plane.invoke("relay", {}) == {"published": 0}
    assert plane.rows("SELECT publish_attempts, due_at <= now() AS due FROM outbox") == [
        {"publish_attempts": 0, "due": True}
    ]
    plane.kafka.start()
    plane.freshen()
    assert plane.look() == 1


def test_a_message_that_kafka_refuses_is_postponed_and_stands_in_nobodys_way(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token)
    plane.records()
    huge = "x" * 2_000_000
    plane.rows(
        "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at) SELECT gen_random_uuid(), 'tenant-a', "
        "'job-results', 'k', v, '{\"correlation_id\": \"c\"}', now() - interval '1 minute' "
        "FROM unnest(ARRAY[%s, %s, %s]) AS v",
        json.dumps({"eventType": "FIRST"}),
        huge,
        json.dumps({"eventType": "LAST"}),
    )
    assert plane.look() == 2
    assert sorted(event_types(plane.records("job-results"))) == ["FIRST", "LAST"]
    [row] = plane.rows("SELECT value, publish_attempts, due_at > now() AS later FROM outbox")
    assert row == {"value": huge, "publish_attempts": 1, "later": True}
    assert plane.job(job)["status"] == "PENDING"


def test_a_broker_that_hangs_delays_the_answer_by_its_timeout_only(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    plane.submit(token)
    pid = plane.kafka.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    started = time.monotonic()
    try:
        plane.submit(token)
        first = time.monotonic() - started
        plane.submit(token)
        second = time.monotonic() - started - first
    finally:
        os.kill(pid, signal.SIGCONT)
    assert first < 5
    assert second < 1, "while the producer rests, nobody waits"
    plane.freshen()
    plane.make_due()
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 3}
