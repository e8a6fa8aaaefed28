"""Postgres away: 503 with nothing half-written, batches that come again, and everything goes on once it is back."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from functions.submit.models import JobBody
from functions.submit.submission import Submitted
from tests.integration.harness import Answer, Plane, values
from tests.integration.parts import Parts

RequestTo = Callable[[Plane, str, str], Answer]
REQUESTS: dict[str, RequestTo] = {
    "submit": lambda p, t, j: p.call("submit", "POST", "/jobs", {"title": "x"}, token=t),
    "submit with a key": lambda p, t, j: p.call(
        "submit", "POST", "/jobs", {"title": "x"}, token=t, headers={"idempotency-key": "k"}
    ),
    "submit many": lambda p, t, j: p.call("submit", "POST", "/jobs/batch", {"jobs": [{"title": "x"}]}, token=t),
    "cancel": lambda p, t, j: p.call("submit", "POST", "/jobs/{jobId}/cancel", token=t, jobId=j),
    "read": lambda p, t, j: p.call("query", "GET", "/jobs/{jobId}", token=t, jobId=j),
    "list": lambda p, t, j: p.call("query", "GET", "/jobs", token=t),
    "replay": lambda p, t, j: p.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=t, jobId=j),
    "register": lambda p, t, j: p.call(
        "auth", "POST", "/auth/register", {"username": "bob", "password": "pass123", "tenantId": "tenant-b"}
    ),
    "login": lambda p, t, j: p.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"}),
    "metrics": lambda p, t, j: p.call("metrics", "GET", "/metrics", token="scrape-me"),
}


def everything(plane: Plane) -> list[list[dict[str, object]]]:
    tables = {"jobs": "job_id", "audit_logs": "id", "outbox": "id", "users": "user_id", "tenants": "tenant_id"}
    return [plane.rows(f"SELECT * FROM {table} ORDER BY {key}") for table, key in tables.items()]


def test_every_request_gets_503_and_nothing_is_half_written(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    job = plane.simulate(token, failTimes=1, retry={"count": 0})
    plane.deliver("process", plane.records())
    before = everything(plane)
    plane.postgres.stop()

    answers = {name: request(plane, token, job) for name, request in REQUESTS.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(REQUESTS, 503)
    for answer in answers.values():
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.body["status"] == 503
        assert "nothing was changed" in answer.body["detail"]

    plane.postgres.start()
    assert everything(plane) == before
    assert plane.records() == []
    assert REQUESTS["submit"](plane, token, job).status == 201


def test_a_batch_raises_and_runs_when_it_comes_again(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    jobs = plane.submit_many(token, 3)
    records = plane.records()
    plane.postgres.stop()
    for function in ("process", "classify"):
        with pytest.raises(psycopg.OperationalError):
            plane.deliver(function, records)
    plane.postgres.start()
    plane.deliver("process", records)
    plane.deliver("classify", records)
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 3}
    assert {plane.job(job)["attempt"] for job in jobs} == {1}


def test_the_relay_waits_for_the_database_and_goes_on(fragile_plane: Plane) -> None:
    plane = fragile_plane
    plane.configure(RELAY_RUN_SECONDS="3.5", RELAY_POLL_SECONDS="0.05")
    token = plane.admin()
    plane.kafka.stop()
    plane.submit(token)
    plane.kafka.start()
    plane.freshen()
    plane.make_due()
    plane.postgres.stop()
    back = threading.Timer(0.5, plane.postgres.start)
    back.start()
    try:
        assert plane.invoke("relay", {}) == {"published": 1}
    finally:
        back.join()


def test_jobs_answered_with_201_around_a_crash_of_the_database_are_all_there(
    fragile_plane: Plane, parts: Parts
) -> None:
    plane = fragile_plane
    # The test's server keeps commits in memory for a moment; here they must be on disk as in production.
    plane.rows("ALTER ROLE smartqueue_api SET synchronous_commit = on")
    caller = parts.principal(plane.admin())
    submission = parts.submission()
    body = JobBody.model_validate({"title": "x", "type": "simulate", "payload": {"durationSeconds": 0}})
    acknowledged: list[str] = []
    failures: list[psycopg.Error] = []
    enough, stop = threading.Event(), threading.Event()

    def submit_all_the_time() -> None:
        while not stop.is_set():
            job = submission.prepare(body, caller=caller, correlation_id="c", key=None)
            try:
                [outcome] = submission.submit([job], caller=caller)
            except psycopg.Error as error:
                failures.append(error)
                stop.wait(0.01)
                continue
            assert isinstance(outcome, Submitted)
            acknowledged.append(outcome.job.job_id)
            if len(acknowledged) % 40 == 0:
                enough.set()

    thread = threading.Thread(target=submit_all_the_time)
    thread.start()
    try:
        for _ in range(2):
            enough.clear()
            assert enough.wait(30)
            plane.postgres.kill()
            plane.postgres.start()
        enough.clear()
        assert enough.wait(30)
    finally:
        stop.set()
        thread.join()
        plane.rows("ALTER ROLE smartqueue_api RESET synchronous_commit")

    assert failures, "the outages were noticed"
    stored = {str(row["job_id"]) for row in plane.rows("SELECT job_id FROM jobs")}
    assert set(acknowledged) <= stored
    audited = {row["entity_id"] for row in plane.rows("SELECT entity_id FROM audit_logs WHERE action = 'JOB_CREATED'")}
    assert audited == stored
    waiting = {row["key"] for row in plane.rows("SELECT key FROM outbox")}
    assert {event["jobId"] for event in values(plane.records())} | waiting == stored
