"""Where benchmarks run: durable Postgres, Valkey and Kafka, the schema, and functions in processes of their own."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import psycopg
from psycopg.rows import dict_row

from bench.environment import Environment, Order
from localstack.network import free_port
from localstack.process import clean_environment
from localstack.services.kafka import Kafka
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from tests.faults.runtime.server import AwsServer
from tests.integration.topics import TOPICS
from tests.integration.wiring import Wiring


@dataclass
class BenchLab:
    """A context manager; everything it starts ends with it.

    Postgres waits for the disk at every commit, Valkey keeps an append-only file, Kafka keeps its topics on disk: as
    `make up` runs them.
    """

    folder: Path

    def __post_init__(self) -> None:
        """Say where everything will be; nothing runs yet."""
        self.postgres = Postgres(data=self.folder / "postgres", port=free_port(), durable=True)
        self.valkey = Valkey(data=self.folder / "valkey", port=free_port(), durable=True)
        self.kafka = Kafka(data=self.folder / "kafka", port=free_port(), durable=True)
        self.aws = AwsServer()
        self.wiring = Wiring(
            postgres=self.postgres,
            valkey=self.valkey,
            kafka=self.kafka,
            stage="bench",
            extra={"SUBMIT_QUOTA_PER_MINUTE": "1000000000"},
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            (self.folder / "logs").mkdir(parents=True, exist_ok=True)
            for part in (self.postgres, self.valkey, self.kafka, self.aws):
                self._stack.enter_context(part)
            self.kafka.create_topics(TOPICS)
            self.aws.secrets = self.wiring.secrets()
            with self.start("migrate") as migrate:
                migrate.run([{}])
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def variables(self, function: str, **changes: str) -> dict[str, str]:
        """Return the environment variables of a function, as its template sets them, and what boto3 needs."""
        return {
            **clean_environment(),
            **self.wiring.environment(function),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.aws.endpoint,
            **changes,
        }

    def start(self, function: str, **changes: str) -> Environment:
        """Return an execution environment, to be entered. changes: variables other than the template's."""
        log = self.folder / "logs" / f"{function}.log"
        return Environment(Order(function=function, variables=self.variables(function, **changes), log=log))

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Ask the database as its superuser."""
        with psycopg.connect(self.postgres.superuser_url, row_factory=dict_row, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters or None)
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Empty every table of jobs, so that a section does not pay for what the one before it left."""
        with psycopg.connect(self.postgres.superuser_url, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(
                "TRUNCATE outbox, audit_bases, audit_seals, audit_heads, audit_chain, audit_logs, jobs CASCADE"
            )
            connection.execute("CHECKPOINT")
