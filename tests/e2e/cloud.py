"""The local cloud under test: started by the real command, and looked into from outside where HTTP shows too little."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import httpx2
import psutil
import psycopg
import redis
from prometheus_client.parser import text_string_to_metric_families
from psycopg.rows import dict_row

from localstack.aws import client
from localstack.network import free_port
from localstack.services.kafka import lag as kafka_lag
from localstack.settings import from_environment
from localstack.up import cloud_for
from tests.e2e import kafka_topics

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from localstack.endpoints import Endpoints

COMMAND = Path(sys.executable).with_name("smartqueue-local")
# The machine that runs this may be slow, and others may be at work on it.
UP_SECONDS = 180
NAMESPACE = "SmartTaskQueue"
DIMENSIONS: list[Any] = [{"Name": "service", "Value": "smartqueue"}, {"Name": "stage", "Value": "local"}]


@dataclass(frozen=True)
class LocalCloud:
    """One cloud with a data folder and ports of its own. variables: what the command finds in its environment."""

    home: Path
    variables: Mapping[str, str]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def configure(cls, home: Path, **variables: str) -> LocalCloud:
        """A cloud that is not started yet; nothing of the caller's own SMARTQUEUE_ settings gets in."""
        own = {"SMARTQUEUE_HOME": str(home), "SMARTQUEUE_AWS_PORT": str(free_port()), **variables}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SMARTQUEUE_")}
        return cls(home, {**kept, **own})

    def run(self, *arguments: str, seconds: float = 60) -> str:
        """Run `smartqueue-local` with these arguments and return what it printed; it must succeed."""
        finished = subprocess.run(
            [COMMAND, *arguments],
            env=dict(self.variables),
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert finished.returncode == 0, f"smartqueue-local {' '.join(arguments)}:\n{finished.stderr}{finished.stdout}"
        return finished.stdout

    @cached_property
    def endpoints(self) -> Endpoints:
        """Where everything is, once it is up."""
        with patch.dict(os.environ, self.variables, clear=True):
            return cloud_for(self.home, from_environment()).endpoints

    def processes(self) -> list[psutil.Process]:
        """Every process that has to do with this cloud's folder, function workers too."""
        return [process for process in psutil.process_iter() if process.pid != os.getpid() and self._owns(process)]

    def workers(self, function: str) -> list[psutil.Process]:
        """The processes in which the emulator runs one function."""
        mark = f"ministack-lambda-smartqueue-local-{function}-"
        return [process for process in self.processes() if any(mark in part for part in process.cmdline())]

    def _owns(self, process: psutil.Process) -> bool:
        mark = str(self.home)
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
            words = [*process.cmdline(), process.cwd(), *process.environ().values()]
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            return False
        return any(mark in word for word in words)

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """What the database holds, as its owner sees it."""
        with psycopg.connect(self.endpoints.database_url, row_factory=dict_row) as connection:
            return connection.execute(sql.encode(), parameters).fetchall()

    def cache(self) -> redis.Redis:
        """A client of the cache; the caller closes it."""
        host, _, port = self.endpoints.cache.rpartition(":")
        return redis.Redis(host=host, port=int(port), decode_responses=True)

    def records(self, topic: str) -> list[kafka_topics.Record]:
        """All records of a topic."""
        return kafka_topics.read(self.endpoints.kafka, topic)

    def lag(self, group: str, topic: str = "job-events") -> int:
        """How many records of a topic a consumer group has not done with."""
        return kafka_lag(self.endpoints.kafka, group, topic)

    def scrape_credential(self) -> str:
        """The secret that Prometheus is given."""
        secrets = client("secretsmanager", self.endpoints.aws)
        answer = secrets.get_secret_value(SecretId="smartqueue/local/metrics-credential")
        token: str = json.loads(answer["SecretString"])["token"]
        return token

    def scrape(self, http: httpx2.Client) -> dict[str, float]:
        """GET /metrics as Prometheus reads it: samples without labels, by name."""
        answer = http.get("metrics", headers={"Authorization": f"Bearer {self.scrape_credential()}"})
        assert answer.status_code == 200, answer.text
        return {
            sample.name: sample.value
            for family in text_string_to_metric_families(answer.text)
            for sample in family.samples
            if not sample.labels
        }

    def sums(self, *names: str) -> dict[str, float]:
        """What CloudWatch has counted since the cloud was started."""
        return dict(self._sums(names))

    def _sums(self, names: tuple[str, ...]) -> Iterator[tuple[str, float]]:
        metrics = client("cloudwatch", self.endpoints.aws)
        for name in names:
            answer = metrics.get_metric_statistics(
                Namespace=NAMESPACE,
                MetricName=name,
                Dimensions=DIMENSIONS,
                StartTime=self.started - timedelta(minutes=1),
                EndTime=datetime.now(UTC) + timedelta(minutes=1),
                Period=60,
                Statistics=["Sum"],
            )
            yield name, sum(point["Sum"] for point in answer["Datapoints"])
