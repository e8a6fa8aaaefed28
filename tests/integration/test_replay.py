"""Replaying and discarding dead letters: once and not twice, one or many, and old events stay without effect."""

from functools import partial
from typing import Any

import pytest
import redis

from functions.replay.dead_letters import Bulk
from smartqueue.errors import ConflictError
from smartqueue.jobs import JobView
from smartqueue.store.jobs import DeadFilters
from tests.fakes import webhook_receiver
from tests.integration.harness import Answer, Plane, event_types, values
from tests.integration.parts import Parts, at_once


def dead(plane: Plane, token: str, count: int = 1, **payload: object) -> list[str]:
    """Make dead letters: each fails its first attempt of every run, and has no retry."""
    ids = plane.submit_many(
        token,
        count,
        type="simulate",
        payload={"durationSeconds": 0, "failTimes": 1, **payload},
        retry={"count": 0},
    )
    plane.deliver("process", plane.records())
    return ids


def forget_what_is_done(plane: Plane) -> None:
    with redis.Redis(host=plane.valkey.host, port=plane.valkey.port) as client:
        client.flushall()


def replay(plane: Plane, token: str, job: str) -> Answer:
    return plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=job)


def bulk(plane: Plane, token: str, what: str, **filters: object) -> Answer:
    return plane.call("replay", "POST", f"/admin/dlq/{what}", filters, token=token)


def listed(plane: Plane, token: str, **query: str) -> list[str]:
    answer = plane.call("replay", "GET", "/admin/dlq", token=token, query=query)
    return [item["jobId"] for item in answer.body["items"]]


def test_a_dead_job_is_replayed_once_from_its_first_attempt(plane: Plane) -> None:
    token = plane.admin()
    [job] = dead(plane, token)
    answer = replay(plane, token, job)
    assert answer.status == 200
    assert (answer.body["status"], answer.body["attempts"], answer.body["replayCount"]) == ("PENDING", 0, 1)
    assert answer.body["lastError"] is None
    again = replay(plane, token, job)
    assert (again.status, "FAILED job can be replayed" in again.body["detail"]) == (409, True)
    assert list(event_types(plane.records())) == ["JOB_REPLAYED"]
    [step] = [row for row in plane.audit(job) if row["action"] == "JOB_REPLAYED"]
    assert (step["username"], step["old_state"], step["new_state"]) == ("alice", "FAILED", "PENDING")
    assert step["attributes"]["attemptsUsed"] == 1
    assert listed(plane, token) == []


def test_a_replayed_job_has_all_its_retries_again_and_its_letter_says_that_it_was_replayed(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token, failTimes=9, retry={"count": 1, "baseSeconds": 0.1})
    for _ in range(2):
        plane.make_due()
        plane.drive()
    assert replay(plane, token, job).status == 200
    for _ in range(3):
        plane.drive()
        plane.make_due()
    row = plane.job(job)
    assert (row["status"], row["attempt"], row["replay_count"]) == ("FAILED", 2, 1)
    assert [letter["originalEventType"] for letter in values(plane.records("job-dlq"))] == [
        "JOB_CREATED",
        "JOB_REPLAYED",
    ]


def test_of_concurrent_replays_exactly_one_wins(plane: Plane, parts: Parts) -> None:
    token = plane.admin()
    jobs = dead(plane, token, 8)
    caller = parts.principal(token)
    admins = [parts.dead_letters() for _ in range(3)]
    for job in jobs:
        outcomes = at_once(*(partial(a.replay_one, job, caller=caller, correlation_id="c") for a in admins))
        assert [type(outcome) for outcome in outcomes].count(JobView) == 1
        assert [type(outcome) for outcome in outcomes].count(ConflictError) == 2
    assert list(event_types(plane.records())) == ["JOB_REPLAYED"] * len(jobs)


def test_concurrent_bulk_replays_share_the_letters_and_take_none_twice(plane: Plane, parts: Parts) -> None:
    token = plane.admin()
    jobs = dead(plane, token, 40)
    caller = parts.principal(token)
    outcomes = at_once(
        *(
            partial(a.replay_matching, DeadFilters(), limit=100, caller=caller, correlation_id="c")
            for a in [parts.dead_letters() for _ in range(3)]
        )
    )
    done: list[str] = []
    for outcome in outcomes:
        assert isinstance(outcome, Bulk), outcome
        done += [job.job_id for job in outcome.done]
    assert sorted(done) == sorted(jobs)
    assert len(plane.records()) == len(jobs)
    assert {plane.job(job)["replay_count"] for job in jobs} == {1}


def test_late_events_of_an_earlier_run_have_no_effect_after_a_replay(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token, failTimes=9, retry={"count": 1, "baseSeconds": 0.1})
    first_run = plane.records()
    plane.deliver("process", first_run)
    plane.make_due()
    plane.look()
    first_run += plane.records()
    plane.deliver("process", first_run)
    assert replay(plane, token, job).status == 200
    forget_what_is_done(plane)
    plane.deliver("process", first_run)
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("PENDING", 0)
    [replayed] = plane.records()
    forget_what_is_done(plane)
    plane.deliver("process", [*first_run, replayed, *first_run])
    forget_what_is_done(plane)
    plane.deliver("process", first_run)
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("PENDING", 1)


FILTERS: list[tuple[dict[str, Any], int]] = [
    ({"type": "simulate"}, 4),
    ({"type": "webhook"}, 1),
    ({"category": "Database"}, 2),
    ({"priority": "HIGH"}, 1),
    ({"category": "Database", "priority": "HIGH"}, 1),
    ({"category": "Network"}, 0),
    ({"reason": "SIMULATED failure"}, 4),
    ({"reason": "100%"}, 0),
    ({"failedAfter": "2000-01-01T00:00:00Z"}, 5),
    ({"failedAfter": "2000-01-01T00:00:00Z", "failedBefore": "2000-01-02T00:00:00Z"}, 0),
    ({"limit": 2}, 2),
    ({}, 5),
]


@pytest.mark.parametrize("what", ["replay", "discard"])
@pytest.mark.parametrize(("filters", "expected"), FILTERS, ids=[str(f) for f, _ in FILTERS])
def test_bulk_actions_take_what_matches_every_filter(
    plane: Plane, receiver: webhook_receiver.WebhookReceiver, what: str, filters: dict[str, Any], expected: int
) -> None:
    token = plane.admin()
    jobs = dead(plane, token, 4)
    receiver.script(webhook_receiver.Answer(status=410))
    refused = plane.submit(token, type="webhook", payload={"url": receiver.url})["jobId"]
    plane.deliver("process", plane.records())
    classified = "UPDATE jobs SET category = 'Database', priority = %s, classified_at = now() WHERE job_id = %s"
    plane.rows(classified, "HIGH", jobs[0])
    plane.rows(classified, "LOW", jobs[1])
    assert plane.statuses() == {"FAILED": 5}

    answer = bulk(plane, token, what, **filters)

    assert (answer.status, answer.body["count"], answer.body["skipped"]) == (200, expected, [])
    assert answer.body["more"] is ("limit" in filters)
    untouched = {*jobs, refused} - set(answer.body["jobIds"])
    assert set(listed(plane, token)) == untouched
    assert len(plane.records()) == (expected if what == "replay" else 0)
    action = "JOB_REPLAYED" if what == "replay" else "JOB_DISCARDED"
    rows = plane.rows("SELECT attributes, correlation_id FROM audit_logs WHERE action = %s", action)
    # The row tells the job's own story, and which request of the ADMIN it was.
    assert [row["attributes"]["requestCorrelationId"] for row in rows] == [
        answer.headers["X-Correlation-ID"] for _ in range(expected)
    ]
    assert answer.headers["X-Correlation-ID"] not in {row["correlation_id"] for row in rows}


def test_a_discarded_job_stays_failed_and_cannot_be_replayed(plane: Plane) -> None:
    token = plane.admin()
    [job] = dead(plane, token)
    assert bulk(plane, token, "discard", jobIds=[job]).body["jobIds"] == [job]
    assert bulk(plane, token, "discard", jobIds=[job]).body["count"] == 0
    answer = replay(plane, token, job)
    assert (answer.status, "submit it again" in answer.body["detail"]) == (409, True)
    assert bulk(plane, token, "replay", jobIds=[job]).body["count"] == 0
    assert plane.job(job)["status"] == "FAILED"
    assert plane.steps(job)[-1] == ("JOB_DISCARDED", "FAILED", "FAILED")


def test_another_tenants_dead_letters_are_out_of_reach(plane: Plane) -> None:
    [job] = dead(plane, plane.admin())
    other = plane.admin("tenant-b", "bob")
    assert replay(plane, other, job).status == 404
    assert bulk(plane, other, "replay", jobIds=[job]).body["count"] == 0
    assert bulk(plane, other, "discard").body["count"] == 0
    assert listed(plane, other) == []
    assert plane.job(job)["status"] == "FAILED"
