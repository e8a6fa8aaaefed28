"""TLS to Valkey and Kafka: neither client talks to a server before it has checked certificate and name."""

import gc
import logging
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal
from unittest.mock import Mock

import pytest
import redis

import smartqueue.kafka_security
from localstack.certificates import make_certificates
from smartqueue.broker import Broker
from smartqueue.cache import connect_cache
from smartqueue.events import Message
from smartqueue.settings import CacheSettings, KafkaSettings
from tests.fakes.tls_front import TlsFront


def call_cache(host: str, port: int) -> None:
    settings = CacheSettings(cache_host=host, cache_port=port, cache_tls=True)
    with connect_cache.__wrapped__(settings) as client, pytest.raises(redis.ConnectionError):
        client.ping()


def call_broker(host: str, port: int, *, security: Literal["AWS_MSK_IAM", "SASL_SCRAM"]) -> None:
    broker = Broker(KafkaSettings(kafka_bootstrap=f"{host}:{port}", kafka_security=security, kafka_secret_id="kafka"))
    message = Message(id="1", topic="job-events", key="k", value="v", correlation_id="c", tenant_id="t")
    assert broker.publish([message]) == []
    broker.close()


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.setenv(name, "us-east-1")
    login = {"username": "smartqueue", "password": "secret"}
    monkeypatch.setattr(smartqueue.kafka_security, "read_secret", Mock(return_value=login))
    # What is logged keeps its errors alive, and they the sockets.
    caplog.set_level(logging.CRITICAL, "kafka")
    yield
    # kafka-python leaves the sockets of failed connections to the garbage collector.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "unclosed <s", ResourceWarning)
        gc.collect()


@pytest.mark.filterwarnings("ignore:unclosed <s:ResourceWarning")
@pytest.mark.parametrize(
    "call",
    [call_cache, partial(call_broker, security="AWS_MSK_IAM"), partial(call_broker, security="SASL_SCRAM")],
    ids=["valkey", "kafka-iam", "kafka-scram"],
)
class TestClients:
    def test_the_right_server_is_talked_to(
        self, call: Callable[[str, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate, authority = make_certificates(tmp_path, "localhost")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with TlsFront(certificate) as front:
            call("localhost", front.port)
            assert front.handshakes > 0

    def test_an_authority_that_nobody_knows_is_refused(self, call: Callable[[str, int], None], tmp_path: Path) -> None:
        certificate, _ = make_certificates(tmp_path, "localhost")
        with TlsFront(certificate) as front:
            call("localhost", front.port)
            assert (front.handshakes, front.refusals > 0) == (0, True)

    def test_a_certificate_for_another_name_is_refused(
        self, call: Callable[[str, int], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        certificate, authority = make_certificates(tmp_path, "cache.example")
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with TlsFront(certificate) as front:
            call("localhost", front.port)
            assert (front.handshakes, front.refusals > 0) == (0, True)
