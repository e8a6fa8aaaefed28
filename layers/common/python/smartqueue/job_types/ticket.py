"""A support ticket: waits for its classification, then goes to the tenant's webhook, if there is one."""

from typing import Any

from smartqueue.job_types.base import JobPayload, JobType, RunningJob, Services


class TicketPayload(JobPayload):
    """A ticket is its title and description; it takes no payload."""


async def run(job: RunningJob, services: Services) -> dict[str, Any]:
    """Dispatch the triaged ticket and tell what was decided and where it went."""
    decision = {
        "category": job.category,
        "priority": job.priority,
        "confidenceScore": job.confidence_score,
        "recommendedAction": job.recommended_action,
    }
    if job.webhook_url is None:
        return {"decision": decision, "dispatchedTo": None}
    ticket = {"jobId": job.job_id, "title": job.title, "description": job.description, **decision}
    delivery = await services.send_webhook(job=job, url=job.webhook_url, event_type="ticket.triaged", data=ticket)
    return {"decision": decision, "dispatchedTo": job.webhook_url, "status": delivery.status}


JOB_TYPE = JobType(
    name="ticket",
    summary="The default: a title and a description, triaged and sent to the tenant's webhook.",
    payload=TicketPayload,
    run=run,
    awaits_classification=True,
)
