"""A signed POST of the job's payload to a URL of the tenant's choice."""

from typing import Annotated, Any

from pydantic import AnyHttpUrl, Field, ValidationInfo, field_validator

from smartqueue.job_types.base import JobPayload, JobType, RunningJob, Services, Surroundings
from smartqueue.webhook_urls import check_url


class WebhookPayload(JobPayload):
    """url: where to POST. data: what to send. eventType: the receiver's name for it."""

    url: AnyHttpUrl
    data: dict[str, Any] = Field(default_factory=dict)
    event_type: Annotated[str, Field(pattern=r"^[a-zA-Z0-9._-]{1,100}$")] = "job.webhook"

    @field_validator("url")
    @classmethod
    def _tell_early(cls, url: AnyHttpUrl, info: ValidationInfo) -> AnyHttpUrl:
        """Refuse at submit what could never be sent; whoever runs the job asks again, about addresses too."""
        if isinstance(info.context, Surroundings):
            check_url(str(url), info.context.networks)
        return url


async def run(job: RunningJob, services: Services) -> dict[str, Any]:
    """Deliver the payload and tell what the receiver said."""
    payload = WebhookPayload.model_validate(job.payload)
    delivery = await services.send_webhook(
        job=job, url=str(payload.url), event_type=payload.event_type, data=payload.data
    )
    return {
        "status": delivery.status,
        "body": delivery.body,
        "durationSeconds": round(delivery.duration_seconds, 3),
    }


JOB_TYPE = JobType(
    name="webhook",
    summary="POSTs payload.data to payload.url, signed by the Standard Webhooks rules.",
    payload=WebhookPayload,
    run=run,
)
