"""Keeps the right pollers running: looks every few seconds at what is deployed and which partitions exist."""

from __future__ import annotations

import fcntl
import logging
from typing import TYPE_CHECKING, TextIO

from botocore.exceptions import BotoCoreError, ClientError
from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from localstack.aws import client
from localstack.trigger.lag import LagMeter
from localstack.trigger.mappings import Discovery, EventSourceMapping, read_file
from localstack.trigger.poller import Poller

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from localstack.kafka_client import KafkaAccess

_DISCOVERY_SECONDS = 3.0
_LONGEST_FUNCTION_SECONDS = 900
_POLLERS_PER_MAPPING = 3

Wanted = tuple[EventSourceMapping, tuple[int, ...]]


class Supervisor:
    """Runs until told to stop. `mapping_file` replaces the look at the deployed stacks."""

    def __init__(
        self, *, endpoint: str, kafka: KafkaAccess, locks: Path, mapping_file: Path | None = None, lag_seconds: float
    ) -> None:
        self._kafka = kafka
        self._locks = locks
        self._mapping_file = mapping_file
        self._functions = client("lambda", endpoint, read_timeout_seconds=_LONGEST_FUNCTION_SECONDS + 30)
        self._queues = client("sqs", endpoint)
        self._metrics = client("cloudwatch", endpoint)
        self._lag_seconds = lag_seconds
        self._discovery = Discovery(client("cloudformation", endpoint), client("lambda", endpoint))
        self._running: dict[Wanted, list[Poller]] = {}
        self._held: dict[str, TextIO] = {}
        self._log = logging.getLogger("trigger")
        self._troubles: dict[str, str] = {}

    def run(self, halt: threading.Event) -> None:
        """Poll until `halt` is set, then wait for the deliveries under way."""
        self._locks.mkdir(parents=True, exist_ok=True)
        meter = LagMeter(kafka=self._kafka, metrics=self._metrics, period_seconds=self._lag_seconds, halt=halt)
        meter.start()
        while not halt.is_set():
            try:
                self._apply(self._wanted())
                meter.watch(mapping for mapping, _ in self._running)
                self._say("discovery", "")
            except (BotoCoreError, ClientError, KafkaError) as error:
                # What runs keeps running: a pause of the emulator must not stop a delivery to it.
                self._say("discovery", f"cannot look for mappings ({type(error).__name__}: {error}); trying again")
            halt.wait(_DISCOVERY_SECONDS)
        self._apply(set())
        meter.join()

    def _wanted(self) -> set[Wanted]:
        mappings = read_file(self._mapping_file) if self._mapping_file else self._discovery.mappings()
        partitions = self._partitions({mapping.topic for mapping in mappings}) if mappings else {}
        return {
            (mapping, partitions[mapping.topic])
            for mapping in mappings
            if mapping.topic in partitions and self._hold(mapping.group)
        }

    def _partitions(self, topics: set[str]) -> dict[str, tuple[int, ...]]:
        admin = KafkaAdminClient(**self._kafka.options, bootstrap_timeout_ms=3_000)
        try:
            existing = sorted(topics & set(admin.list_topics()))
            described = admin.describe_topics(existing) if existing else []
        finally:
            admin.close()
        return {
            topic["name"]: tuple(sorted(partition["partition_index"] for partition in topic["partitions"]))
            for topic in described
        }

    def _apply(self, wanted: set[Wanted]) -> None:
        # A poller that died of something unforeseen has left its stack trace in the log and is started again.
        ended = [
            key
            for key, pollers in self._running.items()
            if key not in wanted or not all(poller.is_alive() for poller in pollers)
        ]
        stopping = [poller for key in ended for poller in self._running.pop(key)]
        for poller in stopping:
            poller.stop()
        for poller in stopping:
            poller.join()
        for mapping, _ in ended:
            self._log.info("%s: stopped reading %s for %s", mapping.group, mapping.topic, mapping.function)
        for mapping, partitions in sorted(wanted - self._running.keys(), key=lambda key: key[0].group):
            count = min(_POLLERS_PER_MAPPING, len(partitions))
            shares = [partitions[index::count] for index in range(count)]
            pollers = [
                Poller(mapping, share, kafka=self._kafka, functions=self._functions, queues=self._queues)
                for share in shares
            ]
            self._running[mapping, partitions] = pollers
            for poller in pollers:
                poller.start()
            self._log.info(
                "%s: reading %s (%d partitions) for %s", mapping.group, mapping.topic, len(partitions), mapping.function
            )
        for group in self._held.keys() - {mapping.group for mapping, _ in self._running}:
            self._held.pop(group).close()

    def _hold(self, group: str) -> bool:
        """Nothing in Kafka stops a second reader with assigned partitions; a lock on a file does."""
        if group in self._held:
            return True
        file = (self._locks / f"{group}.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            self._say(group, f"another trigger already reads for the group {group}")
            return False
        self._held[group] = file
        self._say(group, "")
        return True

    def _say(self, subject: str, trouble: str) -> None:
        """One line per change, not one every three seconds."""
        before = self._troubles.pop(subject, "")
        if trouble:
            self._troubles[subject] = trouble
        if trouble != before:
            self._log.warning("%s: %s", subject, trouble or "well again")
