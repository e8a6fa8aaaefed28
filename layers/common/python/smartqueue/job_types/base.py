"""What a job type is made of, and what its handler gets to work with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from smartqueue.models import JobPayload
from smartqueue.webhook_urls import Networks

__all__ = ["Delivery", "Handler", "JobPayload", "JobType", "RunningJob", "Services", "Surroundings"]


@dataclass(frozen=True, kw_only=True)
class RunningJob:
    """One attempt of a job, as its handler sees it.

    effect_key: the same for every delivery of this attempt; handlers hand it to the other side as its
    idempotency key. webhook_url: the tenant's, if it has one.
    """

    job_id: str
    tenant_id: str
    type: str
    title: str
    description: str
    payload: dict[str, Any]
    attempt: int
    replay_count: int
    correlation_id: str
    effect_key: str
    timeout_seconds: float
    webhook_url: str | None
    webhook_key_version: int
    category: str | None
    priority: str | None
    confidence_score: float | None
    recommended_action: str | None


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """What the other side of a webhook answered: its status and the first bytes of its body."""

    status: int
    body: str
    duration_seconds: float


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a payload is checked against when a job is submitted: pydantic's validators get it as their `context`.

    networks: private networks that webhooks may reach.
    """

    networks: Networks


class Services(Protocol):
    """What the processor offers to handlers."""

    async def send_webhook(self, *, job: RunningJob, url: str, event_type: str, data: Mapping[str, Any]) -> Delivery:
        """POST a signed event to `url`.

        Raises RetryableError (network, 408, 429, 5xx) or PermanentError (other 4xx, forbidden address).
        """
        ...


Handler = Callable[[RunningJob, Services], Awaitable[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True)
class JobType:
    """A kind of job: how its payload is checked, when it may run and what runs it.

    awaits_classification: the job runs only after the classifier has looked at it.
    demo_only: accepted only by stages that allow simulated work.
    """

    name: str
    summary: str
    payload: type[JobPayload]
    run: Handler
    awaits_classification: bool = False
    demo_only: bool = False
