"""A worker that is killed in the middle of a job: the job is rescued when its lease is over, and completes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from tests.e2e.client import Tenant
    from tests.e2e.cloud import LocalCloud

LEASE_SECONDS = 10


def test_a_killed_workers_job_is_rescued_and_completes(tenant: Tenant, cloud: LocalCloud) -> None:
    retry = {"count": 2, "baseSeconds": 0.2}
    job_id = tenant.admin.submit(type="simulate", payload={"durationSeconds": 6}, retry=retry)["jobId"]
    tenant.admin.wait_for(job_id, "PROCESSING")

    victims = cloud.workers("process")
    assert victims
    for victim in victims:
        victim.kill()

    # Its lease is not over yet, so nobody may start the job meanwhile.
    assert tenant.admin.job(job_id)["status"] == "PROCESSING"
    done = tenant.admin.wait_for(job_id, "COMPLETED", seconds=90)
    steps = tenant.admin.moves(job_id)
    assert [(step["action"], step["toState"], step["by"]) for step in steps] == [
        ("JOB_CREATED", "PENDING", tenant.admin_name),
        ("JOB_STATUS_CHANGED", "PROCESSING", "system:process"),
        ("JOB_LEASE_EXPIRED", "PENDING", "system:relay"),
        ("JOB_STATUS_CHANGED", "PROCESSING", "system:process"),
        ("JOB_STATUS_CHANGED", "COMPLETED", "system:process"),
    ]
    started, expired = (datetime.fromisoformat(steps[index]["at"]) for index in (1, 2))
    assert (expired - started).total_seconds() >= LEASE_SECONDS
    assert done["attempts"] == 2
    assert "lease expired" in steps[2]["details"]
    # The batch was delivered again after the crash and found nothing to claim.
    wait_until(lambda: cloud.lag("job-processor") == 0, "every event read")
