"""Jobs for the tests of pure parts."""

from typing import Any

from smartqueue.ids import new_id
from smartqueue.jobs import Actor, Job, Status

ACTOR = Actor(username="system:test")


def make_job(**changes: Any) -> Job:
    """A simulated job in its first attempt."""
    fields: dict[str, Any] = {
        "job_id": new_id(),
        "tenant_id": "tenant-a",
        "type": "simulate",
        "title": "a title",
        "description": "a description",
        "payload": {"durationSeconds": 0},
        "status": Status.PROCESSING,
        "version": 1,
        "attempt": 1,
        "replay_count": 0,
        "max_retries": 3,
        "retry_base_seconds": 2.0,
        "timeout_seconds": 10.0,
        "category": None,
        "priority": None,
        "confidence_score": None,
        "recommended_action": None,
        "correlation_id": "corr-1",
        "lease_token": new_id(),
        "discarded_at": None,
    }
    return Job(**{**fields, **changes})
