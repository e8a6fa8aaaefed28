"""The first five minutes, with curl, as the original's documentation has them."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud


def curl(*arguments: str) -> tuple[int, dict[str, Any]]:
    finished = subprocess.run(
        ["curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    body, _, status = finished.stdout.rpartition("\n")
    return int(status), json.loads(body)


def post(url: str, body: str, *headers: str) -> tuple[int, dict[str, Any]]:
    options = [part for header in ("Content-Type: application/json", *headers) for part in ("--header", header)]
    return curl("--request", "POST", url, *options, "--data", body)


def test_alice_registers_logs_in_and_sees_her_ticket_triaged(cloud: LocalCloud) -> None:
    url = cloud.run("url").strip()

    status, registered = post(
        f"{url}/auth/register",
        '{"username":"alice","password":"pass123","tenantId":"tenant-a","role":"OPERATOR"}',
    )
    assert status == 201, registered
    assert set(registered) == {"token", "username", "tenantId", "role", "message"}
    assert (registered["username"], registered["tenantId"]) == ("alice", "tenant-a")
    # She is the first of her tenant, and the answer says what that means.
    assert registered["role"] == "ADMIN"
    assert registered["message"] == "You are the first user of tenant-a, so your role is ADMIN (not OPERATOR)."

    status, session = post(f"{url}/auth/login", '{"username":"alice","password":"pass123"}')
    assert status == 200, session
    assert set(session) == {"token", "username", "tenantId", "role", "message"}
    token = f"Authorization: Bearer {session['token']}"

    status, job = post(
        f"{url}/jobs",
        '{"title":"Database connection timeout","description":"Production queries hang since 03:00"}',
        token,
    )
    assert status == 201, job
    assert job["jobId"]
    assert job["tenantId"] == "tenant-a"
    assert job["status"] == "PENDING"
    assert job["correlationId"]

    def look() -> dict[str, Any] | None:
        status, seen = curl(f"{url}/jobs/{job['jobId']}", "--header", token)
        assert status == 200, seen
        return seen if seen["status"] == "COMPLETED" else None

    done = wait_until(look, "COMPLETED", seconds=15)
    assert done["category"] == "Database"
    assert done["priority"] == "HIGH"


def test_status_shows_everything_well_and_nothing_behind(cloud: LocalCloud) -> None:
    words = cloud.run("status")

    for part in ("postgres", "valkey", "kafka", "emulator", "trigger", "metrics"):
        assert part in words
    for group in ("job-processor", "job-classifier"):
        assert group in words
