"""Jobs that ended long ago are removed by the relay, and by nobody else; books and trail know of each."""

import json
from functools import partial

import psycopg
import pytest

from smartqueue.jobs import Action
from smartqueue.metrics import Meter
from tests.integration.aging import end_days_ago, look_until_nothing_is_old, old_id, submitting_days_ago
from tests.integration.harness import Plane
from tests.integration.parts import Parts, at_once
from tests.integration.processes import Workers
from tests.integration.test_isolation import as_role
from tests.integration.trails import booked, verified
from tests.integration.worker import Death

QUICK = {"type": "simulate", "payload": {"durationSeconds": 0}}
DEAD = {"type": "simulate", "payload": {"durationSeconds": 0, "failTimes": 9}, "retry": {"count": 0}}
REMOVE_JOBS = "functions.relay.retention:Retention._remove_jobs"
REMOVE = "SELECT * FROM remove_ended_jobs(%s, '00000000-0000-0000-0000-000000000000', 1000)"


@pytest.fixture
def token(plane: Plane) -> str:
    """Of the ADMIN of tenant-a."""
    return plane.admin()


@pytest.fixture
def ended(plane: Plane, token: str) -> list[str]:
    """Jobs of 100 days ago that ended in every way: completed, failed, discarded, cancelled."""
    with submitting_days_ago(100):
        jobs = [
            *plane.submit_many(token, 2, **QUICK),
            *plane.submit_many(token, 2, **DEAD),
            plane.simulate(token, failTimes=1, retry={"count": 1}),
        ]
    plane.deliver("process", plane.records())
    plane.call("submit", "POST", "/jobs/{jobId}/cancel", token=token, jobId=jobs[4])
    plane.call("replay", "POST", "/admin/dlq/discard", {"jobIds": [jobs[3]]}, token=token)
    plane.rows("DELETE FROM outbox")
    assert plane.statuses() == {"COMPLETED": 2, "FAILED": 2, "CANCELLED": 1}
    return jobs


def test_jobs_that_ended_long_ago_go_and_books_and_trail_are_whole_at_every_moment(
    plane: Plane, token: str, ended: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    states = {job: plane.job(job)["status"] for job in ended}
    end_days_ago(plane, 91)
    monkeypatch.setattr("functions.relay.retention.JOBS_AT_ONCE", 2)
    capsys.readouterr()
    for left in (3, 1, 0):
        assert verified(plane, token) == []
        plane.look()
        assert sum(plane.statuses().values()) == left
        now = booked(plane, token)
        assert (now["accepted"], now["removed"]) == (5, 5 - left)
    assert booked(plane, token) == {"accepted": 5, "removed": 5}
    assert verified(plane, token) == []

    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["jobs_removed_total"] for line in printed if "jobs_removed_total" in line] == [[2.0], [2.0], [1.0]]
    for job, state in states.items():
        *_, last = plane.audit(job)
        assert (last["action"], last["old_state"], last["new_state"]) == (Action.JOB_REMOVED, state, None)
        assert (last["username"], last["user_id"]) == ("system:relay", None)
        assert last["correlation_id"] == plane.audit(job)[0]["correlation_id"]
        assert last["details"] == "ended more than 90 days ago"


def test_a_job_that_was_removed_is_gone_for_everybody_but_the_audit_trail(
    plane: Plane, token: str, ended: list[str]
) -> None:
    end_days_ago(plane, 91)
    plane.look()
    routes = (
        ("query", "GET", "/jobs/{jobId}"),
        ("query", "GET", "/jobs/{jobId}/timeline"),
        ("submit", "POST", "/jobs/{jobId}/cancel"),
        ("replay", "POST", "/admin/jobs/{jobId}/replay"),
    )
    for function, method, resource in routes:
        assert plane.call(function, method, resource, token=token, jobId=ended[0]).status == 404
    assert plane.call("query", "GET", "/jobs", token=token).body["items"] == []
    assert plane.call("replay", "GET", "/admin/dlq", token=token).body["items"] == []
    story = plane.call("replay", "GET", "/admin/audit-logs/{jobId}", token=token, jobId=ended[0].upper())
    assert [row["action"] for row in story.body["items"]][::3] == ["JOB_REMOVED", "JOB_CREATED"]
    stranger = plane.admin("tenant-b", "bob")
    for job in (ended[0], old_id(1)):
        answer = plane.call("replay", "GET", "/admin/audit-logs/{jobId}", token=stranger, jobId=job)
        assert answer.status == 404


LEASE = "lease_token = uuidv7(), lease_expires_at = now() + interval '1 hour'"
MESSAGE = """
INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at)
SELECT uuidv7(), tenant_id, 'job-results', job_id::text, '{}', '{}', now() + interval '1 hour' FROM jobs
"""
STAYS = {
    "it did not end long enough ago": (89, ""),
    "it waits": (91, "UPDATE jobs SET status = 'PENDING', completed_at = NULL, discarded_at = NULL"),
    "it runs": (91, f"UPDATE jobs SET status = 'PROCESSING', completed_at = NULL, discarded_at = NULL, {LEASE}"),
    "it was replayed and ended again": (91, "UPDATE jobs SET completed_at = now()"),
    "it has something to tell": (91, MESSAGE),
}


@pytest.mark.parametrize("why", STAYS)
def test_everything_else_stays(plane: Plane, token: str, ended: list[str], why: str) -> None:
    days, change = STAYS[why]
    end_days_ago(plane, days)
    if change:
        plane.rows(change)
    before = plane.statuses()
    assert as_role(plane, "worker", REMOVE, 90)[0]["removed"] == 0
    plane.look()
    assert sum(plane.statuses().values()) == sum(before.values()) == 5


def test_a_new_job_whose_end_lies_far_back_is_not_even_looked_at(plane: Plane, token: str) -> None:
    plane.submit_many(token, 2, **QUICK)
    plane.deliver("process", plane.records())
    end_days_ago(plane, 91)
    assert as_role(plane, "worker", REMOVE, 90) == [{"looked_at": 0, "last_id": None, "removed": 0}]


def test_dead_letters_that_nobody_replayed_go_too_and_those_of_yesterday_stay(
    plane: Plane, token: str, ended: list[str]
) -> None:
    end_days_ago(plane, 91, *ended[:3])
    plane.look()
    assert plane.statuses() == {"FAILED": 1, "CANCELLED": 1}
    assert booked(plane, token) == {"accepted": 5, "failed": 1, "cancelled": 1, "removed": 3}


def test_an_idempotency_key_lives_as_long_as_its_job(plane: Plane, token: str) -> None:
    def submit(title: str) -> int:
        return plane.call(
            "submit", "POST", "/jobs", {"title": title, **QUICK}, token=token, headers={"Idempotency-Key": "k"}
        ).status

    with submitting_days_ago(100):
        assert [submit("one"), submit("one"), submit("two")] == [201, 200, 409]
    plane.deliver("process", plane.records())
    end_days_ago(plane, 91)
    plane.look()
    assert submit("two") == 201


def test_old_jobs_that_stay_hide_no_others(
    plane: Plane, token: str, monkeypatch: pytest.MonkeyPatch, ended: list[str]
) -> None:
    with submitting_days_ago(200):
        waiting = plane.submit_many(token, 7, title="waits for the classifier")
    plane.records()
    end_days_ago(plane, 91)
    monkeypatch.setattr("functions.relay.retention.JOBS_AT_ONCE", 3)
    for _ in range(4):
        plane.look()
    assert plane.statuses() == {"PENDING": len(waiting)}
    assert booked(plane, token) == {"accepted": 12, "pending": 7, "removed": 5}


def test_a_job_that_somebody_holds_is_passed_over_and_nobody_waits(plane: Plane, token: str, ended: list[str]) -> None:
    end_days_ago(plane, 91)
    with psycopg.connect(plane.postgres.superuser_url) as busy:
        busy.execute("SELECT FROM jobs WHERE job_id = %s FOR UPDATE", (ended[0],))
        plane.look()
        assert plane.rows("SELECT job_id::text FROM jobs") == [{"job_id": ended[0]}]
    plane.look()
    assert plane.statuses() == {}
    assert booked(plane, token) == {"accepted": 5, "removed": 5}


def test_a_job_that_is_replayed_meanwhile_runs(plane: Plane, token: str, ended: list[str]) -> None:
    end_days_ago(plane, 91)
    dead = ended[2]
    plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead)
    plane.look()
    assert [row["job_id"] for row in plane.rows("SELECT job_id::text FROM jobs")] == [dead]
    plane.drive()
    assert plane.job(dead)["status"] == "FAILED"
    assert booked(plane, token) == {"accepted": 5, "failed": 1, "removed": 4}


def test_relays_that_remove_at_once_remove_each_job_once(plane: Plane, parts: Parts, token: str) -> None:
    with submitting_days_ago(100):
        plane.submit_many(token, 300, **QUICK)
    plane.deliver("process", plane.records())
    end_days_ago(plane, 91)
    relays = [parts.retention() for _ in range(4)]
    assert not [
        r for r in at_once(*(partial(relay.remove, Meter(None)) for relay in relays)) if not isinstance(r, bool)
    ]
    look_until_nothing_is_old(plane)
    assert booked(plane, token) == {"accepted": 300, "removed": 300}
    assert (
        plane.rows("SELECT entity_id FROM audit_logs WHERE action = 'JOB_REMOVED' GROUP BY 1 HAVING count(*) > 1") == []
    )
    assert verified(plane, token) == []


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_relay_that_dies_while_it_removes_loses_nothing(
    plane: Plane, workers: Workers, token: str, ended: list[str], when: str
) -> None:
    end_days_ago(plane, 91)
    workers.crash("relay", {}, Death(when, REMOVE_JOBS), RELAY_RUN_SECONDS="20")
    removed = 5 if when == "after" else 0
    assert sum(plane.statuses().values()) == 5 - removed
    assert booked(plane, token).get("removed", 0) == removed
    assert verified(plane, token) == []
    plane.look()
    assert booked(plane, token) == {"accepted": 5, "removed": 5}


def test_messages_go_out_whatever_is_wrong_with_old_rows(
    plane: Plane, token: str, ended: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    end_days_ago(plane, 91)
    plane.rows(MESSAGE.replace("'{}', '{}', now() +", """'{}', '{"correlation_id": "c"}', now() -"""))
    plane.rows("REVOKE EXECUTE ON FUNCTION remove_ended_jobs, cut_audit_trails FROM smartqueue_worker")
    try:
        plane.configure(RELAY_RUN_SECONDS="1", RELAY_POLL_SECONDS="0.05")
        assert plane.invoke("relay", {}) == {"published": 5}
    finally:
        plane.rows("GRANT EXECUTE ON FUNCTION remove_ended_jobs, cut_audit_trails TO smartqueue_worker")
    assert [record.message for record in caplog.records].count("old rows cannot be removed") == 2
    assert sum(plane.statuses().values()) == 5
    plane.look()
    assert plane.statuses() == {}


def test_what_a_stage_keeps_for_ever_stays(plane: Plane, token: str, ended: list[str]) -> None:
    end_days_ago(plane, 1000)
    plane.configure(RETENTION_JOBS_DAYS="0", RETENTION_AUDIT_DAYS="0")
    plane.look()
    assert sum(plane.statuses().values()) == 5


def test_the_worker_cannot_remove_a_job_before_its_time(plane: Plane, token: str, ended: list[str]) -> None:
    end_days_ago(plane, 91)
    for sql in ("DELETE FROM jobs", "DELETE FROM jobs WHERE completed_at < now() - interval '90 days'"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_role(plane, "worker", sql)
    for days in (0, -1):
        with pytest.raises(psycopg.errors.RaiseException, match="kept for a day at least"):
            as_role(plane, "worker", REMOVE, days)
    assert sum(plane.statuses().values()) == 5


def test_tenants_lose_their_own_jobs_only(plane: Plane, token: str, ended: list[str]) -> None:
    bob = plane.admin("tenant-b", "bob")
    with submitting_days_ago(100):
        plane.submit_many(bob, 3, **QUICK)
    plane.deliver("process", plane.records())
    end_days_ago(plane, 91, *ended)
    plane.look()
    assert booked(plane, token) == {"accepted": 5, "removed": 5}
    assert booked(plane, bob) == {"accepted": 3, "completed": 3}
    assert plane.rows("SELECT DISTINCT tenant_id FROM audit_logs WHERE action = 'JOB_REMOVED'") == [
        {"tenant_id": "tenant-a"}
    ]
