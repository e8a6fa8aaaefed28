"""The Kafka producer: every wait bounded well under the API's, and nothing left in memory when a handler returns."""

import logging
import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from smartqueue.events import Message
from smartqueue.settings import KafkaSettings

if TYPE_CHECKING:
    from kafka import KafkaProducer

PUBLISH_TIMEOUT_SECONDS = 1.5
# Shorter, so that kafka-python has given up by itself when we do: it cannot be closed while it still hopes.
DELIVERY_TIMEOUT_SECONDS = 1.2
CLOSE_TIMEOUT_SECONDS = 0.5
# The oldest that MSK offers. When it is named, the constructor asks nobody and cannot fail half-made.
API_VERSION = (2, 8)
# After a failure the next messages go straight to the relay for this long, so that an outage costs one wait, not
# one per request.
REST_SECONDS = 5.0

log = logging.getLogger(__name__)


class Broker:
    """A lazily made producer that is thrown away when it fails."""

    def __init__(self, settings: KafkaSettings, *, rest_seconds: float = REST_SECONDS) -> None:
        self._settings = settings
        self._rest_seconds = rest_seconds
        self._producer: KafkaProducer | None = None
        self._resting_until = 0.0

    def publish(self, messages: Sequence[Message]) -> list[str]:
        """Send messages and wait, within 1.5 s, until all in-sync replicas have them.

        Returns the ids of the acknowledged ones; a message that is not among them may or may not have arrived.
        """
        from kafka.errors import KafkaError  # noqa: PLC0415

        if not messages or time.monotonic() < self._resting_until:
            return []
        deadline = time.monotonic() + PUBLISH_TIMEOUT_SECONDS
        acknowledged: list[str] = []
        failure: KafkaError | None = None
        try:
            producer = self._connected()
            sent = [(m.id, self._send(producer, m)) for m in messages]
        except KafkaError as error:
            self._rest(error)
            return []
        try:
            producer.flush(timeout=max(deadline - time.monotonic(), 0.1))
        except KafkaError as error:
            failure = error
        for message_id, future in sent:
            if future.succeeded():
                acknowledged.append(message_id)
            else:
                failure = future.exception if isinstance(future.exception, KafkaError) else KafkaError("no answer")
        if failure is not None:
            self._rest(failure)
        return acknowledged

    def close(self) -> None:
        """Close the producer, if there is one, without waiting for what it could not send."""
        from kafka.errors import KafkaError  # noqa: PLC0415

        producer, self._producer = self._producer, None
        if producer is None:
            return
        try:
            producer.close(timeout=CLOSE_TIMEOUT_SECONDS)
        except KafkaError as error:
            # The caller's messages are in the outbox; nothing is lost with this producer.
            log.warning("kafka producer did not close in time", extra={"error": type(error).__name__})

    def _rest(self, error: Exception) -> None:
        log.warning("publishing to kafka failed", extra={"error": type(error).__name__})
        self._resting_until = time.monotonic() + self._rest_seconds
        self.close()

    @staticmethod
    def _send(producer: "KafkaProducer", message: Message) -> Any:
        headers = [(name, value.encode()) for name, value in message.headers.items()]
        return producer.send(message.topic, value=message.value.encode(), key=message.key.encode(), headers=headers)

    def _connected(self) -> "KafkaProducer":
        if self._producer is None:
            # 140 ms of import that reading functions must not pay.
            from kafka import KafkaProducer  # noqa: PLC0415

            milliseconds = int(DELIVERY_TIMEOUT_SECONDS * 1000)
            iam = {"security_protocol": "SASL_SSL", "sasl_mechanism": "AWS_MSK_IAM"}
            self._producer = KafkaProducer(
                bootstrap_servers=self._settings.kafka_bootstrap.split(","),
                acks="all",
                # kafka-python's idempotent producer never sends again after one delivery timeout; consumers
                # tell duplicates apart by the claim anyway.
                enable_idempotence=False,
                linger_ms=0,
                max_block_ms=milliseconds,
                request_timeout_ms=milliseconds,
                delivery_timeout_ms=milliseconds,
                bootstrap_timeout_ms=milliseconds,
                api_version=API_VERSION,
                **(iam if self._settings.kafka_security == "AWS_MSK_IAM" else {}),
            )
        return self._producer


@cache
def connect_broker(settings: KafkaSettings) -> Broker:
    """Return this execution environment's broker."""
    return Broker(settings)
