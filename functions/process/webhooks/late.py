"""A sender that is loaded with the first webhook."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from smartqueue.job_types.base import Delivery, RunningJob
from smartqueue.webhook_urls import Networks

if TYPE_CHECKING:
    from functions.process.webhooks.sender import WebhookSender

SENDER = "functions.process.webhooks.sender"


class LateSender:
    """WebhookSender, with its HTTP client, which is an eighth of a cold start: many batches send nothing."""

    def __init__(self, *, master_key: str, networks: Networks) -> None:
        self._master_key = master_key
        self._networks = networks

    async def send_webhook(self, *, job: RunningJob, url: str, event_type: str, data: Mapping[str, Any]) -> Delivery:
        """Do what WebhookSender does."""
        return await self._sender.send_webhook(job=job, url=url, event_type=event_type, data=data)

    @cached_property
    def _sender(self) -> "WebhookSender":
        from functions.process.webhooks.sender import WebhookSender  # noqa: PLC0415

        return WebhookSender(master_key=self._master_key, networks=self._networks)
