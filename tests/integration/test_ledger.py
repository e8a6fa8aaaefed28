"""The books: every job that was accepted is accounted for, whatever became of it."""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families

from smartqueue.events import JobEvent
from smartqueue.ids import new_id
from smartqueue.store.attempts import AttemptStore
from tests.integration.harness import SCRAPE_TOKEN, Plane
from tests.integration.parts import Parts
from tests.integration.trails import STATES, booked, ledger, tamper


def gauge(plane: Plane, capsys: pytest.CaptureFixture[str]) -> float:
    """Return what the relay tells at its next look."""
    capsys.readouterr()
    plane.look()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "jobs_unaccounted" in line]
    return float(lines[-1]["jobs_unaccounted"][0])


def test_a_tenant_without_jobs_has_empty_books(plane: Plane) -> None:
    assert booked(plane, plane.admin()) == {}


def test_every_kind_of_step_is_booked(plane: Plane, capsys: pytest.CaptureFixture[str]) -> None:
    token = plane.admin()
    good = plane.submit_many(token, 2)
    plane.simulate(token, failTimes=1, retry={"count": 1})
    dead = plane.submit_many(
        token, 3, type="simulate", payload={"durationSeconds": 0, "failTimes": 9}, retry={"count": 0}
    )
    assert booked(plane, token) == {"accepted": 6, "pending": 6}
    # Tickets wait for their classification; one of the others waits for its retry, three are dead.
    records = plane.records()
    plane.deliver("process", records)
    assert booked(plane, token) == {"accepted": 6, "pending": 3, "failed": 3}
    plane.deliver("classify", records)
    assert booked(plane, token) == {"accepted": 6, "pending": 3, "failed": 3}
    assert gauge(plane, capsys) == 0

    plane.call("submit", "POST", "/jobs/{jobId}/cancel", token=token, jobId=good[0])
    assert booked(plane, token) == {"accepted": 6, "pending": 2, "failed": 3, "cancelled": 1}
    plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead[0])
    plane.call("replay", "POST", "/admin/dlq/discard", {"jobIds": [dead[1]]}, token=token)
    assert booked(plane, token) == {"accepted": 6, "pending": 3, "failed": 2, "cancelled": 1}
    plane.make_due()
    plane.drive()
    assert booked(plane, token) == {"accepted": 6, "completed": 2, "failed": 3, "cancelled": 1}
    assert gauge(plane, capsys) == 0


def test_a_lease_that_expires_is_booked(plane: Plane, parts: Parts, capsys: pytest.CaptureFixture[str]) -> None:
    token = plane.admin()
    plane.submit_many(token, 2, type="simulate", payload={"durationSeconds": 0}, retry={"count": 0})
    events = [JobEvent.model_validate_json(record.value) for record in plane.records()]
    worker = AttemptStore(parts.environment("process").database)
    worker.claim(events, lease_token=new_id(), lease_seconds=60, username="system:process")
    assert booked(plane, token) == {"accepted": 2, "processing": 2}
    plane.expire_leases()
    assert gauge(plane, capsys) == 0
    assert booked(plane, token) == {"accepted": 2, "failed": 2}


def test_repeated_submissions_and_refused_ones_are_not_booked(plane: Plane) -> None:
    token = plane.admin()
    body = {"title": "a job"}
    for _ in range(3):
        plane.call("submit", "POST", "/jobs", body, token=token, headers={"Idempotency-Key": "k"})
    plane.call("submit", "POST", "/jobs", {"title": ""}, token=token)
    assert booked(plane, token) == {"accepted": 1, "pending": 1}


LOSSES: list[tuple[str, int]] = [
    ("DELETE FROM jobs WHERE job_id = %s", 1),
    ("UPDATE jobs SET status = 'CANCELLED' WHERE job_id = %s", 2),
    ("UPDATE jobs SET tenant_id = 'tenant-b' WHERE job_id = %s", 1),
]


@pytest.mark.parametrize(("loss", "unaccounted"), LOSSES)
def test_a_job_that_is_not_what_the_trail_says_is_unaccounted(
    plane: Plane, capsys: pytest.CaptureFixture[str], loss: str, unaccounted: int
) -> None:
    token = plane.admin()
    plane.admin("tenant-b", "bob")
    ids = plane.submit_many(token, 5, type="simulate", payload={"durationSeconds": 0})
    plane.drive()
    tamper(plane, loss.replace("%s", f"'{ids[2]}'"))
    assert ledger(plane, token)["unaccounted"] == unaccounted
    assert gauge(plane, capsys) == (2 if "tenant-b" in loss else unaccounted)
    text = plane.call("metrics", "GET", "/metrics", token=SCRAPE_TOKEN).body
    [scraped] = [f.samples[0].value for f in text_string_to_metric_families(text) if f.name == "jobs_unaccounted"]
    assert scraped == gauge(plane, capsys)


def test_a_tenants_books_are_its_own(plane: Plane) -> None:
    alice, bob = plane.admin(), plane.admin("tenant-b", "bob")
    plane.submit_many(alice, 3)
    plane.submit_many(bob, 2)
    assert booked(plane, alice) == {"accepted": 3, "pending": 3}
    assert booked(plane, bob) == {"accepted": 2, "pending": 2}
    for role in ("VIEWER", "OPERATOR"):
        member = plane.member(alice, role)
        assert plane.call("replay", "GET", "/admin/ledger", token=member).status == 403
        assert plane.call("replay", "GET", "/admin/audit-logs/verification", token=member).status == 403


def test_jobs_that_nobody_booked_are_unaccounted(plane: Plane, capsys: pytest.CaptureFixture[str]) -> None:
    token = plane.admin()
    plane.submit_many(token, 2)
    tamper(plane, "DELETE FROM audit_heads")
    assert ledger(plane, token) == {**dict.fromkeys(("accepted", *STATES), 0), "pending": 2, "unaccounted": 2}
    assert gauge(plane, capsys) == 2
