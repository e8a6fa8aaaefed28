"""Postgres away: 503 with nothing half-written, batches that come again, and everything goes on once it is back."""

import threading

import psycopg
import pytest

from functions.submit.models import JobBody
from functions.submit.submission import Submitted
from tests.integration.harness import SCRAPE_TOKEN, Answer, Plane, values
from tests.integration.parts import Parts

ALICE = {"username": "alice", "password": "pass123"}
BOB = {"username": "bob", "password": "pass123", "tenantId": "tenant-b"}
JOB = {"title": "x"}
# function, method, resource, body, headers
REQUESTS: dict[str, tuple[str, str, str, object, dict[str, str]]] = {
    "submit": ("submit", "POST", "/jobs", JOB, {}),
    "submit with a key": ("submit", "POST", "/jobs", JOB, {"idempotency-key": "k"}),
    "submit many": ("submit", "POST", "/jobs/batch", {"jobs": [JOB, JOB]}, {}),
    "cancel": ("submit", "POST", "/jobs/{jobId}/cancel", None, {}),
    "read": ("query", "GET", "/jobs/{jobId}", None, {}),
    "timeline": ("query", "GET", "/jobs/{jobId}/timeline", None, {}),
    "list": ("query", "GET", "/jobs", None, {}),
    "replay": ("replay", "POST", "/admin/jobs/{jobId}/replay", None, {}),
    "replay many": ("replay", "POST", "/admin/dlq/replay", {}, {}),
    "discard many": ("replay", "POST", "/admin/dlq/discard", {}, {}),
    "read the audit trail": ("replay", "GET", "/admin/audit-logs", None, {}),
    "register": ("auth", "POST", "/auth/register", BOB, {"authorization": ""}),
    "login": ("auth", "POST", "/auth/login", ALICE, {}),
    "set the webhook": ("auth", "PUT", "/admin/webhook", {"url": "http://127.0.0.1:8080/"}, {}),
    "metrics": ("metrics", "GET", "/metrics", None, {"authorization": f"Bearer {SCRAPE_TOKEN}"}),
}


def send(plane: Plane, name: str, token: str, job: str) -> Answer:
    function, method, resource, body, headers = REQUESTS[name]
    return plane.call(function, method, resource, body, token=token, headers=headers, jobId=job)


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

    answers = {name: send(plane, name, token, job) for name in REQUESTS}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(REQUESTS, 503)
    for answer in answers.values():
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) > 0
        assert answer.body["status"] == 503
        assert "database cannot be reached" in answer.body["detail"]

    plane.postgres.start()
    assert everything(plane) == before
    assert plane.records() == []
    assert send(plane, "submit", token, job).status == 201


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


def test_the_relay_outlives_a_primary_that_turned_read_only(plane: Plane, parts: Parts) -> None:
    plane.simulate(plane.admin(), failTimes=1)
    plane.deliver("process", plane.records())
    plane.make_due()
    outbox = parts.environment("relay").outbox
    with psycopg.connect(plane.postgres.superuser_url, autocommit=True) as connection:
        connection.execute("ALTER ROLE smartqueue_worker SET default_transaction_read_only = on")
        try:
            # What the relay's loop survives, as the next look may find a new primary.
            with pytest.raises(psycopg.OperationalError, match="became read-only"):
                outbox.publish_due(limit=10)
        finally:
            connection.execute("ALTER ROLE smartqueue_worker RESET default_transaction_read_only")
    assert len(outbox.publish_due(limit=10)) == 1, "it let go of the connection that could not write"
