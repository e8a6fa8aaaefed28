"""The version of a job grows with every change of state, and with nothing else."""

from __future__ import annotations

from tests.e2e.client import Tenant


def test_the_classifier_and_the_processor_do_not_collide(tenant: Tenant) -> None:
    tickets = [tenant.admin.submit(f"Postgres outage {number}")["jobId"] for number in range(8)]

    for job_id in tickets:
        done = tenant.admin.wait_for(job_id, "COMPLETED")
        actions = [step["action"] for step in tenant.admin.steps(job_id)]
        assert actions == ["JOB_CREATED", "JOB_CLASSIFIED", "JOB_STATUS_CHANGED", "JOB_STATUS_CHANGED"]
        # Two changes of state; the classification in between left the version alone.
        assert done["version"] == 2


def test_a_version_counts_retries_and_replays(tenant: Tenant) -> None:
    payload = {"durationSeconds": 0, "failTimes": 2}
    job_id = tenant.admin.submit(type="simulate", payload=payload, retry={"count": 1, "baseSeconds": 0.1})["jobId"]
    # Started, retried, started, failed.
    assert tenant.admin.wait_for(job_id, "FAILED")["version"] == 4

    tenant.admin.post(f"/admin/jobs/{job_id}/replay")

    again = tenant.admin.wait_for(job_id, "FAILED", seconds=40)
    assert (again["version"], again["replayCount"]) == (9, 1)
