"""Apache Kafka itself, as one process that is broker and controller: the broker that MSK runs.

Clients must come over TLS and log in with SCRAM-SHA-512; authority, certificate and password are made at the first
start. `bin/kafka` fetches the jars.
"""

from __future__ import annotations

import secrets
import subprocess
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from kafka import KafkaAdminClient
from kafka.errors import KafkaError

from localstack.certificates import make_certificates
from localstack.errors import ServiceError
from localstack.kafka_client import KafkaAccess
from localstack.network import free_port, listens
from localstack.paths import ROOT
from localstack.process import clean_environment
from localstack.services.base import Service
from localstack.services.kafka import create_topics, quiet_client_logs

if TYPE_CHECKING:
    from collections.abc import Mapping

USERNAME = "smartqueue"
_LIFETIME = timedelta(days=3650)
# A small heap, and the compiler that is done sooner: it lives for minutes.
_JVM = ("-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
_STOP_SECONDS = 20
_READY_TIMEOUT_MS = 2_000


class ApacheKafka(Service):
    """One broker on 127.0.0.1. `create_topics` may be called again and again."""

    name = "kafka"
    port_variable = "SMARTQUEUE_KAFKA_PORT"
    ready_seconds = 60

    def __init__(self, *, data: Path, port: int, log: Path | None = None) -> None:
        super().__init__(data=data, port=port, log=log)
        self._controller_port = 0

    @property
    def bootstrap(self) -> str:
        """Where a client begins."""
        return self.address

    @property
    def access(self) -> KafkaAccess:
        """What a client is given; complete from the first start on."""
        return KafkaAccess(
            bootstrap=self.address,
            username=USERNAME,
            password=self._password(),
            ca_file=str(self._tls / "authority.pem"),
        )

    def is_ready(self) -> bool:
        # It listens a while before it answers.
        if not listens(self.host, self.port):
            return False
        quiet_client_logs()
        try:
            admin = KafkaAdminClient(**self.access.options, bootstrap_timeout_ms=_READY_TIMEOUT_MS)
        except KafkaError:
            return False
        admin.close()
        return True

    def stop(self) -> None:
        self.process.stop(grace_seconds=_STOP_SECONDS)

    def create_topics(self, topics: Mapping[str, int]) -> None:
        """Create the topics (name to number of partitions) that do not exist yet."""
        create_topics(self.access, topics)

    @property
    def _tls(self) -> Path:
        return self.data / "tls"

    def _password(self) -> str:
        file = self.data / "password"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _launch(self) -> None:
        self._controller_port = self._controller_port or free_port()
        self._require_free(self._controller_port)
        java, jars = find_kafka()
        command = [java, *_JVM, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars}/*"]
        first = not (self.data / "log" / "meta.properties").exists()
        if first:
            self._make_credentials()
        configuration = self.data / "server.properties"
        _write_private(configuration, "".join(f"{key}={value}\n" for key, value in self._configuration().items()))
        if first:
            self._format(command, configuration)
        self.process.spawn([*command, "kafka.Kafka", configuration], environment=clean_environment(), folder=self.data)

    def _make_credentials(self) -> None:
        self.data.chmod(0o700)
        _write_private(self.data / "password", secrets.token_urlsafe(24))
        make_certificates(self._tls, "localhost", self.host, lifetime=_LIFETIME)

    def _format(self, command: list[str], configuration: Path) -> None:
        """Give the data folder its cluster id, and the cluster its one user."""
        arguments = self.data / "format"
        user = f"SCRAM-SHA-512=[name={USERNAME},password={self._password()}]"
        # In a file, as everybody can read a command line.
        _write_private(arguments, f"--add-scram\n{user}\n")
        finished = subprocess.run(
            [
                *(*command, "kafka.tools.StorageTool", "format"),
                *("--cluster-id", uuid4().hex[:22], "--config", str(configuration), f"@{arguments}"),
            ],
            check=False,
            capture_output=True,
            text=True,
            env=clean_environment(),
        )
        arguments.unlink()
        if finished.returncode != 0:
            raise ServiceError(f"Kafka's data folder {self.data} cannot be prepared: {finished.stderr.strip()}")

    def _configuration(self) -> dict[str, object]:
        certificate, authority = self._tls / "host.pem", self._tls / "authority.pem"
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "controller.quorum.voters": f"1@{self.host}:{self._controller_port}",
            "controller.listener.names": "CONTROLLER",
            "listeners": f"CLIENTS://{self.address},CONTROLLER://{self.host}:{self._controller_port}",
            "advertised.listeners": f"CLIENTS://{self.address}",
            "inter.broker.listener.name": "CLIENTS",
            "listener.security.protocol.map": "CLIENTS:SASL_SSL,CONTROLLER:SSL",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512",
            "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
            "listener.name.clients.scram-sha-512.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required"
                f' username="{USERNAME}" password="{self._password()}";'
            ),
            # Only who has the broker's own certificate may talk to the controller.
            "listener.name.controller.ssl.client.auth": "required",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": certificate,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": authority,
            "log.dirs": self.data / "log",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            "group.initial.rebalance.delay.ms": 0,
            # A killed broker that starts again is let in when its old session is over: nine seconds otherwise.
            "broker.session.timeout.ms": 2_000,
            "broker.heartbeat.interval.ms": 400,
            "num.network.threads": 2,
            "num.io.threads": 2,
            # 128 MB of a small heap otherwise; there is one small compacted topic.
            "log.cleaner.dedupe.buffer.size": 8_388_608,
        }


@cache
def find_kafka() -> tuple[str, str]:
    """Where `java` and the jars are; fetches them if need be. Raises ServiceError."""
    finished = subprocess.run([ROOT / "bin" / "kafka"], check=False, capture_output=True, text=True)
    if finished.returncode != 0:
        raise ServiceError(finished.stderr.strip())
    java, jars = finished.stdout.split("\n")[:2]
    return java, jars


def _write_private(file: Path, content: str) -> None:
    file.touch(mode=0o600)
    file.write_text(content, encoding="utf-8")
