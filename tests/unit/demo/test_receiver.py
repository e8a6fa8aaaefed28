"""The demonstration's webhook receiver: signatures, and being out of order."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx2
import pytest
from standardwebhooks import Webhook

from localstack.demo.receiver import Delivery, Receiver, verify

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"type": "ticket.triaged", "data": {}}).encode()


def signed(body: bytes = BODY, *, at: datetime | None = None, secret: str = SECRET) -> dict[str, str]:
    moment = at or datetime.now(UTC)
    signature = Webhook(secret).sign("msg_1", moment, body.decode())
    return {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signature,
    }


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        receiver.secret = SECRET
        yield receiver


def send(receiver: Receiver, path: str, headers: dict[str, str], body: bytes = BODY) -> int:
    with httpx2.Client(trust_env=False, timeout=5) as client:
        return client.post(f"{receiver.url}{path}", content=body, headers=headers).status_code


def test_a_good_signature_is_answered_with_200(receiver: Receiver) -> None:
    assert send(receiver, "/tickets", signed()) == 200
    assert receiver.deliveries == [Delivery("/tickets", "ticket.triaged", verified=True, status=200)]


def test_a_bad_signature_is_answered_with_401(receiver: Receiver) -> None:
    assert send(receiver, "/tickets", signed(), b"{}") == 401
    assert send(receiver, "/tickets", {}) == 401
    assert [delivery.verified for delivery in receiver.deliveries] == [False, False]


def test_a_broken_path_answers_500_until_it_is_repaired(receiver: Receiver) -> None:
    receiver.broken.add("/pager")
    assert [send(receiver, path, signed()) for path in ("/pager", "/tickets")] == [500, 200]

    receiver.broken.discard("/pager")
    assert send(receiver, "/pager", signed()) == 200


def test_old_signatures_and_other_secrets_are_not_accepted() -> None:
    now = datetime.now(UTC)
    headers = signed(at=now)

    assert verify(SECRET, headers, BODY, now=now.timestamp() + 299)
    assert not verify(SECRET, headers, BODY, now=now.timestamp() + 302)
    assert not verify("whsec_b3RoZXI=", headers, BODY, now=now.timestamp())
    assert not verify("", headers, BODY, now=now.timestamp())
