"""Ways to break the local cloud, each healed at the end of its block."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import psycopg
from psycopg.types.json import Jsonb

from localstack.aws import client
from localstack.endpoints import FUNCTION_PREFIX
from localstack.settings import from_environment
from localstack.up import cloud_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localstack.cloud import Cloud
    from localstack.services import Service
    from tests.e2e.cloud import LocalCloud

# As a package looks that was built without its code.
MISSING_HANDLER = "functions.missing.handler.lambda_handler"
RELAY_RULE = f"{FUNCTION_PREFIX}relay"


class Faults:
    """Breaks the parts of one local cloud."""

    def __init__(self, cloud: LocalCloud) -> None:
        with patch.dict(os.environ, cloud.variables, clear=True):
            self.parts: Cloud = cloud_for(cloud.home, from_environment())
        self._cloud = cloud
        self._functions = client("lambda", cloud.endpoints.aws, read_timeout_seconds=60)
        self._rules = client("events", cloud.endpoints.aws)

    @contextmanager
    def away(self, service: Service) -> Iterator[None]:
        """A data service is not there."""
        service.stop()
        try:
            yield
        finally:
            service.start()

    @contextmanager
    def badly_deployed(self, *functions: str) -> Iterator[None]:
        """Functions end as soon as they start."""
        handlers = {name: self._handler(name) for name in functions}
        for name in functions:
            self._change_handler(name, MISSING_HANDLER)
        try:
            yield
        finally:
            for name, handler in handlers.items():
                self._change_handler(name, handler)

    @contextmanager
    def without_concurrency(self, function: str) -> Iterator[None]:
        """A function may not run at all."""
        name = f"{FUNCTION_PREFIX}{function}"
        self._functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
        try:
            yield
        finally:
            self._functions.delete_function_concurrency(FunctionName=name)

    @contextmanager
    def without_relays(self) -> Iterator[None]:
        """The schedule starts no relay."""
        self._rules.disable_rule(Name=RELAY_RULE)
        try:
            yield
        finally:
            self._rules.enable_rule(Name=RELAY_RULE)

    @contextmanager
    def jobs_locked(self, seconds: float) -> Iterator[None]:
        """Somebody holds the table of jobs for so long, from before the block begins."""
        held = threading.Event()
        failed: list[Exception] = []

        def hold() -> None:
            try:
                with psycopg.connect(self._cloud.endpoints.database_url) as connection:
                    connection.execute("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE")
                    held.set()
                    connection.execute("SELECT pg_sleep(%s)", (seconds,))
            except psycopg.Error as error:
                failed.append(error)
                held.set()

        thread = threading.Thread(target=hold)
        thread.start()
        held.wait(10)
        try:
            yield
        finally:
            thread.join()
        assert not failed

    @contextmanager
    def job_gone(self, job_id: str) -> Iterator[None]:
        """Somebody deletes a job past the service, and puts it back."""
        with self._as_superuser() as connection:
            row = connection.execute(
                "DELETE FROM jobs WHERE job_id = %s RETURNING to_jsonb(jobs)", (job_id,)
            ).fetchone()
        assert row is not None
        try:
            yield
        finally:
            with self._as_superuser() as connection:
                connection.execute(
                    "INSERT INTO jobs SELECT * FROM jsonb_populate_record(NULL::jobs, %s)", (Jsonb(row[0]),)
                )

    @contextmanager
    def history_rewritten(self, job_id: str) -> Iterator[None]:
        """Somebody changes what the audit trail says of a job, as only a superuser can, and takes it back."""
        with self._as_superuser() as connection:
            connection.execute(
                "UPDATE audit_logs SET username = username || '?' WHERE entity_id = %s AND action = 'JOB_CREATED'",
                (job_id,),
            )
        try:
            yield
        finally:
            with self._as_superuser() as connection:
                connection.execute(
                    "UPDATE audit_logs SET username = rtrim(username, '?') WHERE entity_id = %s", (job_id,)
                )

    @contextmanager
    def _as_superuser(self) -> Iterator[psycopg.Connection[Any]]:
        """One transaction without any trigger."""
        with psycopg.connect(self.parts.postgres.superuser_url) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")
            yield connection

    def invoke(self, function: str, payload: bytes = b"{}") -> bool:
        """Run a function and tell whether it ended well."""
        answer = self._functions.invoke(FunctionName=f"{FUNCTION_PREFIX}{function}", Payload=payload)
        return "FunctionError" not in answer

    def run_relay(self, seconds: float) -> None:
        """Let a relay run for a moment, since one of full length tells only at its end what it measured."""
        name = f"{FUNCTION_PREFIX}relay"
        variables = self._functions.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        self._functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": {**variables, "RELAY_RUN_SECONDS": f"{seconds:g}"}}
        )
        try:
            assert self.invoke("relay"), "the relay ended with an error"
        finally:
            self._functions.update_function_configuration(FunctionName=name, Environment={"Variables": variables})

    def _handler(self, function: str) -> str:
        return self._functions.get_function_configuration(FunctionName=f"{FUNCTION_PREFIX}{function}")["Handler"]

    def _change_handler(self, function: str, handler: str) -> None:
        self._functions.update_function_configuration(FunctionName=f"{FUNCTION_PREFIX}{function}", Handler=handler)
