"""What the producer promises itself of Kafka. How it behaves is for tests/contract and tests/integration."""

from typing import Any
from unittest.mock import Mock

import pytest
from kafka.errors import MessageSizeTooLargeError
from pydantic import ValidationError

import smartqueue.kafka_client
import smartqueue.kafka_security
from smartqueue.broker import Broker
from smartqueue.errors import SecretError
from smartqueue.events import Message
from smartqueue.settings import KafkaSettings

SCRAM = KafkaSettings(kafka_bootstrap="127.0.0.1:9", kafka_security="SASL_SCRAM", kafka_secret_id="kafka")


def test_a_message_counts_only_when_every_replica_in_sync_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[str, Any] = {}
    monkeypatch.setattr(smartqueue.kafka_client, "KafkaProducer", lambda **options: chosen.update(options))
    Broker(KafkaSettings(kafka_bootstrap="127.0.0.1:9", kafka_security="PLAINTEXT"))._connected()
    assert chosen["acks"] == "all"
    assert chosen["linger_ms"] + chosen["request_timeout_ms"] <= chosen["delivery_timeout_ms"]


def test_a_message_that_was_handed_over_and_not_taken_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    taken, refused, unknown = Mock(), Mock(), Mock()
    taken.succeeded.return_value = True
    refused.succeeded.return_value = unknown.succeeded.return_value = False
    refused.is_done, refused.exception = True, MessageSizeTooLargeError()
    unknown.is_done, unknown.exception = False, None
    futures = {"taken": taken, "refused": refused, "unknown": unknown}
    producer = Mock()
    producer.send.side_effect = lambda _, *, key, **__: futures[key.decode()]
    monkeypatch.setattr(smartqueue.kafka_client, "KafkaProducer", lambda **_: producer)
    broker = Broker(KafkaSettings(kafka_bootstrap="127.0.0.1:9", kafka_security="PLAINTEXT"))
    messages = [
        Message(id=name, topic="job-events", key=name, value="{}", correlation_id="c", tenant_id="t")
        for name in futures
    ]
    assert broker.publish(messages) == ["taken"]


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """What Secrets Manager holds; only who passes the cache by finds it."""
    held = {"kafka": {"username": "smartqueue", "password": "first"}}

    def read(name: str, *, fresh: bool = False) -> dict[str, str]:
        if name not in held:
            raise SecretError("no such secret")
        return held[name] if fresh else {}

    monkeypatch.setattr(smartqueue.kafka_security, "read_secret", read)
    return held


def test_every_new_producer_logs_in_with_the_password_of_that_moment(
    monkeypatch: pytest.MonkeyPatch, secrets: dict[str, dict[str, str]]
) -> None:
    made: list[dict[str, Any]] = []

    def make(**options: Any) -> Mock:
        made.append(options)
        return Mock()

    monkeypatch.setattr(smartqueue.kafka_client, "KafkaProducer", make)
    broker = Broker(SCRAM)
    broker._connected()
    broker._connected()
    secrets["kafka"]["password"] = "second"
    broker.close()
    broker._connected()
    assert [options["sasl_plain_password"] for options in made] == ["first", "second"]
    assert made[0]["security_protocol"] == "SASL_SSL"
    assert made[0]["sasl_mechanism"] == "SCRAM-SHA-512"
    assert made[0]["ssl_check_hostname"] is True


@pytest.mark.parametrize("spoiled", [{}, {"kafka": {"username": "smartqueue"}}], ids=["no secret", "no password"])
def test_a_login_that_cannot_be_read_counts_as_kafka_away(
    secrets: dict[str, dict[str, str]], spoiled: dict[str, dict[str, str]]
) -> None:
    secrets.clear()
    secrets.update(spoiled)
    broker = Broker(SCRAM)
    message = Message(id="1", topic="job-events", key="k", value="v", correlation_id="c", tenant_id="t")
    assert broker.publish([message]) == []
    assert broker.is_resting


def test_a_login_without_a_secret_is_refused_at_the_start() -> None:
    with pytest.raises(ValidationError, match="KAFKA_SECRET_ID"):
        KafkaSettings(kafka_bootstrap="127.0.0.1:9", kafka_security="SASL_SCRAM")
