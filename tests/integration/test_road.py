"""The road of a job, one step at a time."""

from tests.integration.harness import Plane, event_types


def test_a_ticket_is_classified_then_run(plane: Plane) -> None:
    token = plane.admin()
    job = plane.submit(token, title="Database is down", description="production outage, all users affected")
    created = plane.records()
    assert list(event_types(created)) == ["JOB_CREATED"]

    plane.deliver("process", created)
    assert plane.job(job["jobId"])["status"] == "PENDING"
    plane.deliver("classify", created)
    classified = plane.records()
    assert list(event_types(classified)) == ["JOB_CLASSIFIED"]
    plane.deliver("process", classified)

    row = plane.job(job["jobId"])
    assert row["status"] == "COMPLETED"
    assert row["category"] == "Database"
    assert plane.steps(job["jobId"]) == [
        ("JOB_CREATED", None, "PENDING"),
        ("JOB_CLASSIFIED", "PENDING", "PENDING"),
        ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
        ("JOB_STATUS_CHANGED", "PROCESSING", "COMPLETED"),
    ]
    assert plane.rows("SELECT * FROM outbox") == []
    assert list(event_types(plane.records("job-results"))) == ["JOB_COMPLETED"]
