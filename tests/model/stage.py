"""The real service that the model is compared with: its parts on real services, and what can be seen of them."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

import functions.submit.submission
import smartqueue.store.classifications
import smartqueue.store.jobs
from functions.classify.batch import BatchClassifier
from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.policy import TicketClassifier
from functions.classify.rules import classify_by_rules
from functions.process.batch import BatchProcessor
from functions.process.deduplication import Deduplication
from functions.process.execution import Executor
from functions.process.settings import Settings as ProcessSettings
from functions.process.webhooks.sender import WebhookSender
from functions.relay.rescue import Rescue
from functions.relay.retention import Retention
from functions.relay.settings import Settings as RelaySettings
from functions.replay.dead_letters import DeadLetters
from functions.submit.cancellation import Cancellation
from functions.submit.settings import Settings as SubmitSettings
from functions.submit.submission import Submission
from smartqueue.broker import Broker
from smartqueue.events import Message
from smartqueue.ids import new_id
from smartqueue.job_types import JobType, RunningJob, Services, job_types
from smartqueue.metrics import Meter
from smartqueue.roles import Principal, Role
from smartqueue.settings import KafkaSettings
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.classifications import ClassificationStore
from smartqueue.store.outbox import Outbox
from tests.integration.aging import old_id
from tests.integration.harness import Plane
from tests.integration.parts import Environment
from tests.integration.topics import FakeRecord, msk_event
from tests.model.runs import Crash, break_in_runs

TENANTS = ("tenant-a", "tenant-b")
# Longer than any example: what passes is decided by the test.
NEVER_SECONDS = 3600.0


class RecordingBroker(Broker):
    """The real Kafka's producer, which remembers what Kafka has: reading it back would cost more than all the rest."""

    def __init__(self, settings: KafkaSettings) -> None:
        super().__init__(settings)
        self.has: list[Message] = []
        self.is_away = False

    @property
    def is_resting(self) -> bool:
        """Whether Kafka is away."""
        return self.is_away

    def publish(self, messages: Sequence[Message]) -> list[str]:
        """Publish; a process that dies right after it has published all the same."""
        try:
            acknowledged = super().publish(messages)
        except Crash as crash:
            if crash.point == "produce.after":
                self.has.extend(messages)
            raise
        assert len(acknowledged) == (0 if self.is_away else len(messages)), "the real Kafka did not take a message"
        self.has.extend(m for m in messages if m.id in acknowledged)
        return acknowledged


class Stage:
    """One environment per part, two of the processor and of the relay's outbox."""

    def __init__(self, plane: Plane, patch: pytest.MonkeyPatch) -> None:
        self._plane = plane
        patch.setattr(smartqueue.store.jobs, "INLINE_GRACE_SECONDS", NEVER_SECONDS)
        patch.setattr(smartqueue.store.classifications, "INLINE_GRACE_SECONDS", NEVER_SECONDS)
        # So old that a job is removed as soon as its end is said to be long ago.
        patch.setattr(functions.submit.submission, "new_id", lambda: old_id(200))
        break_in_runs(patch)
        self._environments: list[Environment] = []
        self.broker = RecordingBroker(KafkaSettings.from_environment(plane.environment("process")))
        self.effects: Counter[tuple[str, int, int]] = Counter()
        self.processors = {name: self._processor() for name in "AB"}
        self.classifier = self._classifier()
        api, outbox = self._environment("submit")
        self.jobs = api.jobs
        self.submission = Submission(api.jobs, outbox, SubmitSettings.from_environment(api.variables))
        self.cancellation = Cancellation(api.jobs, outbox)
        self.dead_letters = DeadLetters(api.jobs, outbox)
        relay, self.outbox = self._environment("relay")
        settings = RelaySettings.from_environment({**relay.variables, "RETENTION_AUDIT_DAYS": "0"})
        self.rescue = Rescue(relay.database, self.outbox, settings)
        self.retention = Retention(relay.database, settings)
        self.other_outbox = self._environment("relay")[1]
        self.attempts = AttemptStore(self._environment("process")[0].database)
        self._observer = psycopg.connect(plane.postgres.superuser_url, row_factory=dict_row, autocommit=True)
        self.meter = Meter(None)

    def close(self) -> None:
        """Close every client."""
        for environment in self._environments:
            environment.close()
        self.broker.close()
        self._observer.close()

    def empty(self) -> None:
        """Start anew, with tenants and nothing else."""
        self._plane.empty_tables()
        self._plane.clear_cache()
        self.broker.has.clear()
        self.broker.is_away = False
        self.effects.clear()
        self.rows("INSERT INTO tenants (tenant_id) SELECT unnest(%s::text[])", list(TENANTS))

    def clear_cache(self) -> None:
        """Lose all that Valkey knew."""
        self._plane.clear_cache()

    def rows(self, sql: str, *parameters: object) -> list[dict[str, Any]]:
        """Look at the database, past row-level security."""
        cursor = self._observer.execute(sql.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []

    def _environment(self, function: str) -> tuple[Environment, Outbox]:
        made = Environment(self._plane, function)
        self._environments.append(made)
        return made, Outbox(made.database, self.broker)

    def _processor(self) -> Callable[[Sequence[FakeRecord]], object]:
        env, outbox = self._environment("process")
        never = {"LEASE_SECONDS": str(NEVER_SECONDS), "HEARTBEAT_SECONDS": str(NEVER_SECONDS)}
        processor = BatchProcessor(
            attempts=AttemptStore(env.database),
            jobs=env.jobs,
            outbox=outbox,
            broker=self.broker,
            deduplication=Deduplication(env.cache),
            executor=Executor(
                {name: self._watched(job_type) for name, job_type in job_types().items()},
                WebhookSender(master_key="w" * 48, networks=()),
            ),
            settings=ProcessSettings.from_environment({**env.variables, **never}),
        )
        return lambda records: processor.process(msk_event(records), self.meter, remaining_seconds=60.0)

    def _classifier(self) -> Callable[[Sequence[FakeRecord]], object]:
        env, outbox = self._environment("classify")
        classifier = BatchClassifier(
            ClassificationStore(env.database),
            outbox,
            TicketClassifier(None, ClassificationCache(env.cache, Circuit(env.cache)), classify_by_rules),
        )
        return lambda records: classifier.classify(msk_event(records), self.meter, remaining_seconds=60.0)

    def _watched(self, job_type: JobType) -> JobType:
        async def run(job: RunningJob, services: Services) -> dict[str, Any]:
            self.effects[job.job_id, job.replay_count, job.attempt] += 1
            return await job_type.run(job, services)

        return replace(job_type, run=run)


def principal(tenant: str) -> Principal:
    """Return an ADMIN of a tenant."""
    return Principal(user_id=new_id(), username=f"admin of {tenant}", tenant_id=tenant, role=Role.ADMIN)
