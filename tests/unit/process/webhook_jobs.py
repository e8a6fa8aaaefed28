"""Running jobs for the tests of webhooks."""

from typing import Any

from smartqueue.ids import new_id
from smartqueue.job_types.base import RunningJob


def make_job(**changes: Any) -> RunningJob:
    """A job of type webhook, in its first attempt."""
    job_id = new_id()
    fields: dict[str, Any] = {
        "job_id": job_id,
        "tenant_id": "tenant",
        "type": "webhook",
        "title": "a title",
        "description": "",
        "payload": {},
        "attempt": 1,
        "replay_count": 0,
        "correlation_id": "correlation-1",
        "effect_key": f"{job_id}-0-1",
        "timeout_seconds": 5.0,
        "webhook_url": None,
        "webhook_key_version": 1,
        "category": None,
        "priority": None,
        "confidence_score": None,
        "recommended_action": None,
    }
    return RunningJob(**{**fields, **changes})
