"""Webhooks: signed, retried as the receiver asks, and never sent to where they must not go."""

from __future__ import annotations

import pytest
from standardwebhooks import Webhook

from tests.e2e.client import Tenant, expect, expect_problem
from tests.fakes.webhook_receiver import Answer, WebhookReceiver

QUICK_RETRY = {"count": 3, "baseSeconds": 0.2}


def test_a_webhook_job_delivers_its_data_signed(tenant: Tenant) -> None:
    secret = tenant.admin.get("/admin/webhook")["secret"]
    with WebhookReceiver(Answer(status=202, body=b"thanks"), secret=secret) as receiver:
        payload = {"url": receiver.url, "data": {"order": 7, "name": "Grüße"}, "eventType": "order.paid"}
        job = tenant.admin.submit("Tell the shop", type="webhook", payload=payload)
        done = tenant.admin.wait_for(job["jobId"], "COMPLETED")

    assert (done["result"]["status"], done["result"]["body"]) == (202, "thanks")
    [request] = receiver.requests
    assert request.method == "POST"
    assert request.verified
    assert request.json["type"] == "order.paid"
    assert request.json["data"] == payload["data"]
    assert request.headers["x-correlation-id"] == job["correlationId"]
    # Any library that speaks Standard Webhooks agrees.
    Webhook(secret).verify(request.body, dict(request.headers))


def test_a_webhook_is_tried_again_under_a_key_per_attempt(tenant: Tenant) -> None:
    with WebhookReceiver(Answer(status=503), Answer(status=429), Answer(hang_up=True)) as receiver:
        job = tenant.admin.submit(type="webhook", payload={"url": receiver.url}, retry=QUICK_RETRY)
        done = tenant.admin.wait_for(job["jobId"], "COMPLETED")

    assert (done["attempts"], done["result"]["status"]) == (4, 200)
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 4
    assert all(job["jobId"] in request.headers["webhook-id"] for request in receiver.requests)


def test_a_receiver_may_ask_for_more_time(tenant: Tenant) -> None:
    with WebhookReceiver(Answer(status=503, headers={"Retry-After": "3"})) as receiver:
        job = tenant.admin.submit(type="webhook", payload={"url": receiver.url}, retry=QUICK_RETRY)
        tenant.admin.wait_for(job["jobId"], "COMPLETED")

    first, second = receiver.requests
    assert second.received_at - first.received_at >= 3


@pytest.mark.parametrize("status", [400, 404, 410, 302])
def test_a_refusal_is_final(status: int, tenant: Tenant) -> None:
    with WebhookReceiver(otherwise=Answer(status=status, headers={"Location": "/elsewhere"})) as receiver:
        job = tenant.admin.submit(type="webhook", payload={"url": receiver.url}, retry=QUICK_RETRY)
        failed = tenant.admin.wait_for(job["jobId"])

    assert (failed["status"], failed["attempts"]) == ("FAILED", 1)
    assert str(status) in failed["lastError"]
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url",
    ["https://10.0.0.1/", "https://169.254.169.254/latest/meta-data/", "https://[::1]/", "https://192.168.1.1:8443/"],
)
def test_private_addresses_are_refused(url: str, tenant: Tenant) -> None:
    expect_problem(tenant.admin.call("PUT", "/admin/webhook", {"url": url}), 422)

    job = {"title": "Inside", "type": "webhook", "payload": {"url": url}}
    problem = expect_problem(tenant.admin.call("POST", "/jobs", job), 422)

    assert [error["field"] for error in problem["errors"]] == ["payload.url"]
    assert "The URL's host is not a public address." in problem["detail"]
    assert tenant.admin.get("/jobs")["items"] == []


def test_a_triaged_ticket_goes_to_the_tenants_webhook(tenant: Tenant) -> None:
    secret = tenant.admin.get("/admin/webhook")["secret"]
    with WebhookReceiver(secret=secret) as receiver:
        expect(tenant.admin.call("PUT", "/admin/webhook", {"url": receiver.url}), 200)
        ticket = tenant.admin.submit("Postgres outage", description="nothing works")
        done = tenant.admin.wait_for(ticket["jobId"], "COMPLETED")

    decision = {
        "category": "Database",
        "priority": "HIGH",
        "confidenceScore": 0.92,
        "recommendedAction": "Look at the logs first.",
    }
    assert done["result"] == {"decision": decision, "dispatchedTo": receiver.url, "status": 200}
    [request] = receiver.requests
    assert request.verified
    assert request.json["type"] == "ticket.triaged"
    assert request.json["data"] == {
        "jobId": ticket["jobId"],
        "title": "Postgres outage",
        "description": "nothing works",
        **decision,
    }


def test_a_rotated_secret_signs_from_then_on(tenant: Tenant) -> None:
    with WebhookReceiver() as receiver:
        before = tenant.admin.get("/admin/webhook")
        after = expect(tenant.admin.call("PUT", "/admin/webhook", {"url": receiver.url, "rotateSecret": True}), 200)
        tenant.admin.wait_for(tenant.admin.submit()["jobId"], "COMPLETED")

    assert after["keyVersion"] == before["keyVersion"] + 1
    assert after["secret"] != before["secret"]
    [request] = receiver.requests
    Webhook(after["secret"]).verify(request.body, dict(request.headers))


def test_without_a_webhook_a_ticket_ends_with_its_triage(tenant: Tenant) -> None:
    with WebhookReceiver() as receiver:
        tenant.admin.call("PUT", "/admin/webhook", {"url": receiver.url})
        assert expect(tenant.admin.call("DELETE", "/admin/webhook"), 200)["url"] is None
        done = tenant.admin.wait_for(tenant.admin.submit()["jobId"], "COMPLETED")

    assert done["result"]["dispatchedTo"] is None
    assert receiver.requests == []
