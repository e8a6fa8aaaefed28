"""The Kafka producer: every wait bounded well under the API's, and nothing left in memory when a handler returns."""

import logging
import time
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from smartqueue.events import Message
from smartqueue.failpoints import reach
from smartqueue.kafka_security import client_security
from smartqueue.settings import KafkaSettings

if TYPE_CHECKING:
    from smartqueue.kafka_client import KafkaProducer

PUBLISH_TIMEOUT_SECONDS = 1.5
# Shorter, so that kafka-python has given up by itself when we do: it cannot be closed while it still hopes.
DELIVERY_TIMEOUT_SECONDS = 1.2
LINGER_MS = 5
# What one request may hold for a partition: the results of a hundred jobs and more.
BATCH_BYTES = 256 * 1024
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

    @property
    def is_resting(self) -> bool:
        """Whether Kafka was away a moment ago, so that nothing is sent just now."""
        return time.monotonic() < self._resting_until

    def publish(self, messages: Sequence[Message]) -> list[str]:
        """Send messages and wait, within 1.5 s, until all in-sync replicas have them.

        Returns the ids of the acknowledged ones; a message that is not among them may or may not have arrived. If
        the broker `is_resting` afterwards, Kafka is away; if not, something is wrong with these messages only, or
        with their topic or partition.
        """
        if not messages or self.is_resting:
            return []
        deadline = time.monotonic() + PUBLISH_TIMEOUT_SECONDS
        sent, away = self._send_all(messages)
        away = self._flush(deadline) or away
        acknowledged = [message_id for message_id, future in sent if future.succeeded()]
        for message_id, future in sent:
            if future.is_done and future.exception is not None and not getattr(future.exception, "retriable", True):
                _log_refusal(message_id, future.exception)
            elif not future.succeeded():
                away = away or future.exception or TimeoutError()
        if away is not None and not acknowledged:
            self._rest(away)
        return acknowledged

    def _send_all(self, messages: Sequence[Message]) -> tuple[list[tuple[str, Any]], Exception | None]:
        """Hand messages to the producer; return them with their futures, and why some could not be handed over."""
        from smartqueue.kafka_client import KafkaError, KafkaTimeoutError  # noqa: PLC0415

        sent: list[tuple[str, Any]] = []
        away: Exception | None = None
        unreachable: set[str] = set()
        for message in messages:
            if message.topic in unreachable:
                continue
            try:
                reach("produce.before", KafkaTimeoutError)
                sent.append((message.id, self._send(self._connected(), message)))
            except KafkaError as error:
                if error.retriable:
                    away = error
                    # One wait per topic: the others may well be there.
                    unreachable.add(message.topic)
                else:
                    _log_refusal(message.id, error)
        return sent, away

    def _flush(self, deadline: float) -> Exception | None:
        from smartqueue.kafka_client import KafkaError, KafkaTimeoutError  # noqa: PLC0415

        try:
            self._connected().flush(timeout=max(deadline - time.monotonic(), 0.1))
            reach("produce.after", KafkaTimeoutError)
        except KafkaError as error:
            failure: Exception = error
            return failure
        return None

    def close(self) -> None:
        """Close the producer, if there is one, without waiting for what it could not send."""
        from smartqueue.kafka_client import KafkaError  # noqa: PLC0415

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
            # Its import is not for functions that only read.
            from smartqueue.kafka_client import KafkaProducer  # noqa: PLC0415

            milliseconds = int(DELIVERY_TIMEOUT_SECONDS * 1000)
            self._producer = KafkaProducer(
                bootstrap_servers=self._settings.kafka_bootstrap.split(","),
                acks="all",
                # kafka-python's idempotent producer never sends again after one delivery timeout; consumers
                # tell duplicates apart by the claim anyway.
                enable_idempotence=False,
                # All is flushed at once, which ends the waiting; until then nothing is sent in pieces.
                linger_ms=LINGER_MS,
                batch_size=BATCH_BYTES,
                max_block_ms=milliseconds,
                request_timeout_ms=milliseconds - LINGER_MS,
                delivery_timeout_ms=milliseconds,
                bootstrap_timeout_ms=milliseconds,
                api_version=API_VERSION,
                # Nobody reads them, and they cost a tenth of every send.
                metrics_enabled=False,
                **client_security(self._settings),
            )
        return self._producer


def _log_refusal(message_id: str, error: Exception) -> None:
    log.error("kafka refuses a message", extra={"outbox_id": message_id, "error": type(error).__name__})


@cache
def connect_broker(settings: KafkaSettings) -> Broker:
    """Return this execution environment's broker."""
    return Broker(settings)
