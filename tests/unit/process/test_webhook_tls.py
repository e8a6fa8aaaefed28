"""TLS: the certificate must be for the name in the URL, although the connection goes to an address."""

import asyncio
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from functions.process.webhooks.sender import WebhookSender
from localstack.certificates import make_certificates
from smartqueue.errors import RetryableError
from smartqueue.job_types.base import Delivery
from smartqueue.webhook_urls import Address, parse_networks
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.unit.process.webhook_jobs import make_job


class SecureReceiver:
    """An https receiver for receiver.example that remembers which names were asked for in the handshake."""

    def __init__(self, folder: Path) -> None:
        certificate, self._authority = make_certificates(folder, "receiver.example")
        self.names: list[str | None] = []
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        tls.sni_callback = lambda _socket, asked_for, _context: self.names.append(asked_for)
        self.http = WebhookReceiver(tls=tls)

    def send(self, host: str, *, trust: bool = True) -> Delivery:
        """Send a webhook to `host`, which resolves to this receiver."""

        async def resolve(_host: str, _port: int) -> list[Address]:
            return [ip_address("127.0.0.1")]

        sender = WebhookSender(
            master_key="master",
            networks=parse_networks("127.0.0.0/8"),
            resolve=resolve,
            tls=self._trust() if trust else None,
        )
        url = f"https://{host}:{self.http.port}/hook"
        return asyncio.run(sender.send_webhook(job=make_job(), url=url, event_type="x", data={}))

    def _trust(self) -> ssl.SSLContext:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(self._authority)
        return tls


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[SecureReceiver]:
    secure = SecureReceiver(tmp_path)
    with secure.http:
        yield secure


def test_the_name_is_sent_and_verified_while_the_address_is_pinned(receiver: SecureReceiver) -> None:
    assert receiver.send("receiver.example").status == 200
    assert receiver.names == ["receiver.example"]
    assert receiver.http.requests[0].headers["host"] == f"receiver.example:{receiver.http.port}"


@pytest.mark.parametrize("host", ["other.example", "127.0.0.1"])
def test_a_certificate_for_another_name_is_not_accepted(receiver: SecureReceiver, host: str) -> None:
    with pytest.raises(RetryableError, match=r"certificate was not accepted: .*mismatch"):
        receiver.send(host)
    assert receiver.http.requests == []


def test_an_unknown_authority_is_not_accepted(receiver: SecureReceiver) -> None:
    with pytest.raises(RetryableError, match="certificate was not accepted"):
        receiver.send("receiver.example", trust=False)
    assert receiver.http.requests == []


def test_https_to_a_plain_receiver_says_so() -> None:
    sender = WebhookSender(master_key="master", networks=parse_networks("127.0.0.0/8"))
    with WebhookReceiver() as plain:
        delivery = sender.send_webhook(
            job=make_job(), url=plain.url.replace("http:", "https:"), event_type="x", data={}
        )
        with pytest.raises(RetryableError, match="TLS handshake"):
            asyncio.run(delivery)
    assert plain.requests == []
