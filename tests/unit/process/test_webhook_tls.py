"""TLS: the certificate must be for the name in the URL, although the connection goes to an address."""

import asyncio
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from functions.process.webhooks.sender import WebhookSender
from smartqueue.errors import RetryableError
from smartqueue.job_types.base import Delivery
from smartqueue.webhook_urls import Address, parse_networks
from tests.fakes.webhook_receiver import WebhookReceiver
from tests.unit.process.webhook_jobs import make_job


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def make_certificates(folder: Path, host: str) -> tuple[Path, Path]:
    """Write a certificate for `host` with its key, and the authority that signed it; return both paths."""
    authority_key, host_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)

    def build(subject: str, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType) -> bytes:
        builder = x509.CertificateBuilder(
            issuer_name=name("Test authority"),
            subject_name=name(subject),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(hours=1),
        )
        signed = builder.add_extension(extension, critical=True).sign(authority_key, hashes.SHA256())
        return signed.public_bytes(serialization.Encoding.PEM)

    authority = folder / "authority.pem"
    authority.write_bytes(build("Test authority", authority_key, x509.BasicConstraints(ca=True, path_length=0)))
    certificate = folder / "host.pem"
    certificate.write_bytes(
        host_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + build(host, host_key, x509.SubjectAlternativeName([x509.DNSName(host)]))
    )
    return certificate, authority


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
