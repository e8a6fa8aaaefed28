"""Deliveries over real sockets, to a receiver on the loopback interface."""

import asyncio
import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest
from standardwebhooks import Webhook

from functions.process.webhooks.sender import WebhookSender
from smartqueue.errors import PermanentError, RetryableError
from smartqueue.job_types.base import Delivery, RunningJob, Services
from smartqueue.webhook_keys import derive_webhook_secret
from smartqueue.webhook_urls import Address, parse_networks
from tests.fakes.webhook_receiver import Answer, WebhookReceiver
from tests.unit.process.webhook_jobs import make_job

MASTER_KEY = "the master key"
SECRET = derive_webhook_secret(MASTER_KEY, "tenant", 1)
LOOPBACK = parse_networks("127.0.0.0/8")


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with WebhookReceiver(secret=SECRET) as running:
        yield running


def send(url: str, *, job: RunningJob | None = None, data: dict[str, Any] | None = None, **settings: Any) -> Delivery:
    """Send one webhook with a sender of its own."""

    async def run() -> Delivery:
        sender = WebhookSender(**{"master_key": MASTER_KEY, "networks": LOOPBACK, **settings})
        services: Services = sender
        try:
            return await services.send_webhook(
                job=job or make_job(), url=url, event_type="job.webhook", data={"a": 1} if data is None else data
            )
        finally:
            await sender.close()

    return asyncio.run(run())


def test_a_delivery_is_signed_and_tells_what_the_receiver_said(receiver: WebhookReceiver) -> None:
    receiver.script(Answer(status=202, body=b"thanks"))
    job = make_job()

    delivery = send(receiver.url + "?a=b;c#d", job=job)

    assert (delivery.status, delivery.body) == (202, "thanks")
    assert 0 < delivery.duration_seconds < 10
    (request,) = receiver.wait_for(1)
    assert (request.method, request.path, request.verified) == ("POST", "/hook?a=b;c", True)
    assert Webhook(SECRET).verify(request.body, dict(request.headers))["data"] == {"a": 1}
    assert request.headers["webhook-id"] == job.effect_key
    assert request.headers["x-correlation-id"] == "correlation-1"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"] == "SmartTaskQueue-Webhook/1"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"


def test_the_same_attempt_sends_the_same_message_twice(receiver: WebhookReceiver) -> None:
    job = make_job()
    send(receiver.url, job=job)
    send(receiver.url, job=job)
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_another_tenant_has_another_secret(receiver: WebhookReceiver) -> None:
    send(receiver.url, job=make_job(tenant_id="another"))
    send(receiver.url, job=make_job(webhook_key_version=2))
    assert [request.verified for request in receiver.wait_for(2)] == [False, False]


def test_one_sender_serves_several_event_loops_and_deliveries_at_once(receiver: WebhookReceiver) -> None:
    sender = WebhookSender(master_key=MASTER_KEY, networks=LOOPBACK)

    async def send_many() -> None:
        await asyncio.gather(
            *(sender.send_webhook(job=make_job(), url=receiver.url, event_type="x", data={}) for _ in range(30))
        )

    asyncio.run(send_many())
    asyncio.run(send_many())
    assert len(receiver.wait_for(60)) == 60


def test_cookies_are_not_kept(receiver: WebhookReceiver) -> None:
    receiver.otherwise = Answer(headers={"Set-Cookie": "session=1"})
    sender = WebhookSender(master_key=MASTER_KEY, networks=LOOPBACK)
    for _ in range(2):
        asyncio.run(sender.send_webhook(job=make_job(), url=receiver.url, event_type="x", data={}))
    assert all("cookie" not in request.headers for request in receiver.wait_for(2))


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b"", ""),
        ("ü".encode() * 3000, "ü" * 1024),
        (b"a\xffb\0c", "a�b�c"),
        (b"x" * 5_000_000, "x" * 1024),
    ],
    ids=["empty", "long", "not text", "huge"],
)
def test_the_start_of_the_body_is_kept(receiver: WebhookReceiver, body: bytes, kept: str) -> None:
    receiver.script(Answer(body=body))
    assert send(receiver.url).body == kept


def test_retry_after_is_passed_on(receiver: WebhookReceiver) -> None:
    receiver.script(Answer(status=503, headers={"Retry-After": "9"}, body=b"secret of the receiver"))
    with pytest.raises(RetryableError) as caught:
        send(receiver.url)
    assert str(caught.value) == "The receiver answered 503 Service Unavailable."
    assert caught.value.retry_after_seconds == 9


def test_redirects_are_not_followed(receiver: WebhookReceiver) -> None:
    receiver.script(Answer(status=307, headers={"Location": receiver.url + "/elsewhere"}))
    with pytest.raises(PermanentError, match="Redirects are not followed"):
        send(receiver.url)
    assert len(receiver.requests) == 1


def test_proxies_of_the_environment_are_ignored(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert send(receiver.url).status == 200


def test_urls_are_not_logged(receiver: WebhookReceiver, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        send(receiver.url + "?token=hidden")
    assert "hidden" not in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        Answer(delay_seconds=60),
        Answer(body=b"x" * 1000, drip_seconds=0.05),
        Answer(status=200, headers={"Content-Length": "1000000"}, body=b"x" * 1000, drip_seconds=0.05),
    ],
    ids=["silent", "dripping", "endless"],
)
def test_a_slow_receiver_cannot_hold_a_job_past_its_timeout(receiver: WebhookReceiver, answer: Answer) -> None:
    receiver.script(answer)
    started = time.monotonic()
    with pytest.raises(RetryableError, match=r"did not finish its answer within 0\.4 seconds"):
        send(receiver.url, job=make_job(timeout_seconds=0.4))
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    "answer", [Answer(hang_up=True), Answer(headers={"Content-Length": "100"}, body=b"short")], ids=["nothing", "half"]
)
def test_a_receiver_that_hangs_up_is_retried(receiver: WebhookReceiver, answer: Answer) -> None:
    receiver.script(answer)
    with pytest.raises(RetryableError, match="hung up"):
        send(receiver.url)


def test_a_closed_port_is_retried_and_the_message_holds_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(RetryableError) as caught:
        send(f"http://127.0.0.1:{port}/")
    assert str(caught.value) == "The receiver could not be reached."


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/",
        "https://127.0.0.1:{port}/",
        "http://localhost:{port}/",
        "http://2130706433:{port}/",
        "http://[::ffff:127.0.0.1]:{port}/",
        "http://user:password@127.0.0.1:{port}/",
    ],
)
def test_without_allowed_networks_nothing_local_is_reached(receiver: WebhookReceiver, url: str) -> None:
    with pytest.raises(PermanentError) as caught:
        send(url.format(port=receiver.port), networks=())
    assert "127.0.0.1" not in str(caught.value)
    assert "password" not in str(caught.value).replace("user name or password", "")
    assert receiver.requests == []


def test_a_public_name_with_a_private_address_is_refused(receiver: WebhookReceiver) -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address("127.0.0.1")]

    with pytest.raises(PermanentError, match="not a public address"):
        send(f"https://receiver.example:{receiver.port}/", networks=(), resolve=resolve)
    assert receiver.requests == []


def test_the_name_is_resolved_once_and_kept_as_host(receiver: WebhookReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[Address]:
        asked.append(host)
        return [ip_address("127.0.0.1")]

    def refuse(host: str, *_: Any, **__: Any) -> None:
        raise AssertionError(f"asked DNS for {host}")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    send(f"http://receiver.example:{receiver.port}/", resolve=resolve)
    assert asked == ["receiver.example"]
    assert receiver.requests[0].headers["host"] == f"receiver.example:{receiver.port}"


@pytest.mark.parametrize("url", ["", "nonsense", "https://exa mple.com/", "https://a..b\u2024/"])
def test_unreadable_urls_are_permanent(url: str) -> None:
    with pytest.raises(PermanentError):
        send(url)
