"""One consumer of a mapping: polls its partitions, invokes the function, commits only what the function accepted."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError
from kafka import KafkaConsumer, OffsetAndMetadata, TopicPartition
from kafka.errors import KafkaError, KafkaTimeoutError

from localstack.trigger.events import Record, batch_length, build_event
from localstack.trigger.last_resort import failure_messages, send
from localstack.trigger.progress import committable, is_exhausted, remaining, spans
from smartqueue.failpoints import boundary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mypy_boto3_lambda import LambdaClient

    from localstack.kafka_client import KafkaAccess
    from localstack.trigger.mappings import EventSourceMapping

# Tansu looks for new records twice in this time: short enough to feel instant, long enough to leave the CPU alone.
_FETCH_WAIT_MS = 100
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


class Poller(threading.Thread):
    """Runs until `stop`; a broker or an emulator that goes away is waited for, with one log line per change."""

    def __init__(
        self,
        mapping: EventSourceMapping,
        partitions: Sequence[int],
        *,
        kafka: KafkaAccess,
        functions: LambdaClient,
        queues: Any,
    ) -> None:
        super().__init__(name=f"{mapping.group}:{','.join(map(str, partitions))}", daemon=True)
        self._mapping = mapping
        self._partitions = [TopicPartition(mapping.topic, number) for number in partitions]
        self._kafka = kafka
        self._brokers = kafka.bootstrap
        self._functions = functions
        self._queues = queues
        self._owed: dict[Any, int] = {}
        self._halt = threading.Event()
        self._log = logging.getLogger("trigger")
        self._trouble = ""

    def stop(self) -> None:
        """Ask it to end after the delivery that is under way."""
        self._halt.set()

    def run(self) -> None:
        while not self._halt.is_set():
            try:
                self._consume()
            except KafkaError as error:
                self._report(f"Kafka at {self._brokers} does not answer ({error!r}); trying again")
                self._halt.wait(0.5)

    def _consume(self) -> None:
        consumer = KafkaConsumer(
            **self._kafka.options,
            group_id=self._mapping.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            max_poll_records=self._mapping.batch_size,
            bootstrap_timeout_ms=5_000,
            request_timeout_ms=10_000,
            reconnect_backoff_max_ms=1_000,
        )
        try:
            consumer.assign(self._partitions)
            self._seek(consumer)
            self._report("")
            waiting: list[Record] = []
            while not self._halt.is_set():
                self._fill(consumer, waiting)
                if waiting:
                    count = batch_length(waiting, batch_size=self._mapping.batch_size)
                    batch, waiting = waiting[:count], waiting[count:]
                    self._deliver(consumer, batch)
        finally:
            consumer.close()

    def _seek(self, consumer: Any) -> None:
        for partition in self._partitions:
            committed = consumer.committed(partition)
            owed = self._owed.get(partition, 0)
            if committed is not None and owed > committed:
                # Done, but the broker was away when it should have been told.
                self._commit(consumer, {partition: owed})
                committed = owed
            consumer.seek(partition, committed or 0)
            if committed is None and self._mapping.starting_position == "LATEST":
                # The end is learnt from a fetch: Tansu's ListOffsets answers with the start of the last batch.
                others = [other for other in self._partitions if other != partition]
                consumer.pause(*others)
                while consumer.highwater(partition) is None and not self._halt.is_set():
                    consumer.poll(timeout_ms=100, max_records=1)
                consumer.resume(*others)
                consumer.seek(partition, consumer.highwater(partition) or 0)
                self._commit(consumer, {partition: consumer.highwater(partition) or 0})

    def _fill(self, consumer: Any, waiting: list[Record]) -> None:
        """Add records until a batch is full, its window is over, or (without a window) something is there."""
        deadline: float | None = None
        while len(waiting) < self._mapping.batch_size and not self._halt.is_set():
            left = 0.5 if deadline is None else deadline - time.monotonic()
            if left <= 0:
                return
            room = self._mapping.batch_size - len(waiting)
            for records in consumer.poll(timeout_ms=int(min(left, 0.5) * 1000), max_records=room).values():
                waiting.extend(records)
            if waiting and not self._mapping.window_seconds:
                return
            if waiting and deadline is None:
                deadline = time.monotonic() + self._mapping.window_seconds

    def _deliver(self, consumer: Any, batch: list[Record]) -> None:
        """Invoke until every record is accepted or given up; AWS does not pause between attempts, this does."""
        pending = batch
        attempt = invocations = 0
        while pending:
            attempt += 1
            started = time.perf_counter()
            try:
                problem, left = self._invoke(pending)
                invocations += 1
            except (BotoCoreError, ClientError) as error:
                # It did not reach the function, so it uses up no retry.
                problem, left = f"the emulator does not run it: {error}", pending
            milliseconds = (time.perf_counter() - started) * 1000
            outcome = f"failed ({problem})" if problem else "delivered" if not left else f"partly, {len(left)} left"
            self._log.info(
                "%s: %d records %s to %s in %.0f ms, attempt %d: %s",
                self._mapping.group,
                len(pending),
                spans(pending),
                self._mapping.function,
                milliseconds,
                attempt,
                outcome,
            )
            if left and is_exhausted(self._mapping, invocations):
                if not self._give_up(left, invocations):
                    return
                left = []
            if not problem or not left:
                self._settle(consumer, batch, left)
            pending = left
            if pending and self._halt.wait(min(_FIRST_PAUSE_SECONDS * attempt, _LONGEST_PAUSE_SECONDS)):
                return

    def _invoke(self, batch: list[Record]) -> tuple[str, list[Record]]:
        """What went wrong ("" for nothing), and the records to deliver again. Raises when the function did not run."""
        payload = json.dumps(build_event(self._mapping, self._brokers, batch)).encode()
        answer = self._functions.invoke(FunctionName=self._mapping.function, Payload=payload)
        body = answer["Payload"].read()
        if answer.get("FunctionError"):
            return body.decode(errors="replace")[:300], batch
        if not self._mapping.partial_responses:
            return "", []
        left = remaining(json.loads(body or b"null"), batch)
        return ("its answer names records it was not given", batch) if left is None else ("", left)

    def _give_up(self, records: list[Record], invocations: int) -> bool:
        """Tell the mapping's queue; False when this was to stop before the queue could be told."""
        place = spans(records)
        queue = self._mapping.on_failure
        messages = failure_messages(self._mapping, self._brokers, records, invocations=invocations)
        while queue:
            try:
                send(self._queues, queue, messages)
                break
            except ClientError as error:
                # As on AWS, a destination that refuses does not hold the partition up.
                self._log.warning("%s: %s cannot be told of %s: %s", self._mapping.group, queue, place, error)
                break
            except BotoCoreError as error:
                self._log.warning("%s: the emulator is away, so %s waits: %s", self._mapping.group, queue, error)
                if self._halt.wait(_LONGEST_PAUSE_SECONDS):
                    return False
        self._log.warning("%s: %s given up after %d invocations", self._mapping.group, place, invocations)
        return True

    def _settle(self, consumer: Any, batch: list[Record], left: list[Record]) -> None:
        """Commit what is done. Raises KafkaError, once nothing is left that a new start would deliver twice."""
        offsets = committable(batch, left)
        try:
            self._commit(consumer, offsets)
        except KafkaError as error:
            self._owed |= offsets
            if not left:
                raise
            self._report(f"Kafka at {self._brokers} takes no offsets ({error!r}); delivering what is left first")

    def _commit(self, consumer: Any, offsets: dict[Any, int]) -> None:
        with boundary("offset-commit", KafkaTimeoutError):
            consumer.commit({partition: OffsetAndMetadata(offset, "", -1) for partition, offset in offsets.items()})
        for partition in offsets:
            self._owed.pop(partition, None)

    def _report(self, trouble: str) -> None:
        if trouble and not self._trouble:
            self._log.warning("%s: %s", self.name, trouble)
        elif self._trouble and not trouble:
            self._log.info("%s: Kafka answers again", self.name)
        self._trouble = trouble
