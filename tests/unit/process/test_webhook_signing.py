"""The signature, checked by the public Standard Webhooks library and by the receiver that tests share."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from functions.process.webhooks.signing import encode_event, sign_event
from smartqueue.webhook_keys import derive_webhook_secret
from tests.fakes.webhook_receiver import verify_signature
from tests.unit.process.webhook_jobs import make_job

SECRET = derive_webhook_secret("master", "tenant", 1)
OTHER_SECRET = derive_webhook_secret("master", "tenant", 2)


def test_the_body_is_compact_and_the_same_every_time() -> None:
    job = make_job(job_id="0190163d-8694-7000-8000-000000000000")
    body = encode_event(job=job, event_type="ticket.triaged", data={"title": "Grüße \ud800", "n": None})
    assert body == (
        b'{"type":"ticket.triaged","timestamp":"2024-06-14T10:14:09.300Z",'
        b'"data":{"title":"Gr\\u00fc\\u00dfe \\ud800","n":null}}'
    )


def test_the_timestamp_is_when_the_job_was_made() -> None:
    before = datetime.now(UTC).timestamp()
    event = json.loads(encode_event(job=make_job(), event_type="x", data={}))
    assert before - 1 <= datetime.fromisoformat(event["timestamp"]).timestamp() <= datetime.now(UTC).timestamp() + 1


def test_numbers_that_json_has_not_are_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_event(job=make_job(), event_type="x", data={"n": float("nan")})


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=50) | st.integers() | st.booleans(), max_size=5))
def test_what_is_signed_can_be_verified(data: dict[str, Any]) -> None:
    body = encode_event(job=make_job(), event_type="job.webhook", data=data)
    now = datetime.now(UTC)
    headers = sign_event(SECRET, message_id="message-1", sent_at=now, body=body)

    assert Webhook(SECRET).verify(body, headers)["data"] == data
    assert verify_signature(SECRET, headers, body, now=now.timestamp())
    for secret, received in ((OTHER_SECRET, body), (SECRET, body + b" ")):
        assert not verify_signature(secret, headers, received, now=now.timestamp())
        with pytest.raises(WebhookVerificationError):
            Webhook(secret).verify(received, headers)


def test_an_old_signature_is_not_accepted() -> None:
    now = datetime.now(UTC)
    headers = sign_event(SECRET, message_id="message-1", sent_at=now, body=b"{}")
    assert not verify_signature(SECRET, headers, b"{}", now=now.timestamp() + 301)
    assert not verify_signature(SECRET, {**headers, "webhook-timestamp": "soon"}, b"{}", now=now.timestamp())
