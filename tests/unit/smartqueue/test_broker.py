"""What the producer promises itself of Kafka. How it behaves is for tests/contract and tests/integration."""

from typing import Any

import kafka
import pytest

from smartqueue.broker import Broker
from smartqueue.settings import KafkaSettings


def test_a_message_counts_only_when_every_replica_in_sync_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen: dict[str, Any] = {}
    monkeypatch.setattr(kafka, "KafkaProducer", lambda **options: chosen.update(options))
    Broker(KafkaSettings(kafka_bootstrap="127.0.0.1:9", kafka_security="PLAINTEXT"))._connected()
    assert chosen["acks"] == "all"
    assert chosen["linger_ms"] == 0
