"""A ticket that meets every function there is for it: submitted, classified, retried, failed, replayed and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.client import expect, unique
from tests.fakes.webhook_receiver import Answer, ReceivedRequest, WebhookReceiver

if TYPE_CHECKING:
    from httpx2 import Response

    from tests.e2e.client import Tenant


@dataclass(frozen=True)
class Journey:
    """What was sent with one correlation id, and what came back."""

    tenant_id: str
    job_id: str
    title: str
    correlation_id: str
    answers: list[Response]
    webhooks: list[ReceivedRequest]


def travel(tenant: Tenant) -> Journey:
    """Send a ticket all the way. Its webhook is busy at first, then refuses, then takes it."""
    mine = unique("search-me")
    headers = {"X-Correlation-ID": mine}
    body = {"title": unique("A ticket"), "retry": {"count": 1, "baseSeconds": 0.2}}
    with WebhookReceiver(Answer(status=503), Answer(status=410)) as receiver:
        expect(tenant.admin.call("PUT", "/admin/webhook", {"url": receiver.url}), 200)
        submitted = tenant.admin.call("POST", "/jobs", body, headers=headers)
        job_id = expect(submitted, 201)["jobId"]
        tenant.admin.wait_for(job_id, "FAILED")
        replayed = tenant.admin.call("POST", f"/admin/jobs/{job_id}/replay", headers=headers)
        tenant.admin.wait_for(job_id, "COMPLETED")
        read = tenant.admin.call("GET", f"/jobs/{job_id}/timeline", headers=headers)
    answers = [submitted, replayed, read]
    return Journey(tenant.tenant_id, job_id, str(body["title"]), mine, answers, receiver.requests)
