"""One batch, step by step: what is asked of each part, in which order, and what makes it come again."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from functions.process.batch import RESERVED_SECONDS, BatchProcessor
from functions.process.execution import Outcome
from functions.process.settings import Settings
from smartqueue.errors import PermanentError, PublishError, RetryableError
from smartqueue.events import EventType, JobEvent, Message
from smartqueue.ids import new_id
from smartqueue.job_types import RunningJob
from smartqueue.jobs import Move
from smartqueue.metrics import Counter, Meter
from smartqueue.store.attempts import Claims
from tests.unit.smartqueue.sample_jobs import make_job


class Recorder:
    """Plays every part of the processor, notes the steps and answers as it is told."""

    def __init__(self) -> None:
        self.steps: list[str] = []
        self.known: dict[str, dict[str, Any]] = {}
        self.errors: dict[str, Exception] = {}
        self.outcomes: dict[str, Exception] = {}
        self.lost: set[str] = set()
        self.broker_away = False
        self.moves: Sequence[Move] = ()
        self.published: list[Message] = []
        self.done: list[JobEvent] = []
        self.running: Sequence[RunningJob] = ()
        self.budget_seconds = 0.0

    def _step(self, name: str) -> None:
        self.steps.append(name)
        if name in self.errors:
            raise self.errors[name]

    def drop_done(self, events: Sequence[JobEvent]) -> list[JobEvent]:
        self._step("drop_done")
        return list(events)

    def claim(self, events: Sequence[JobEvent], *, lease_token: str, **_: Any) -> Claims:
        self._step("claim")
        rows = [self.known[e.job_id] | {"lease_token": lease_token} for e in events if e.job_id in self.known]
        unknown = {(e.job_id, e.tenant_id) for e in events if e.job_id not in self.known}
        return Claims(rows=rows, unknown=unknown)

    def run_all(self, jobs: Sequence[RunningJob], *, budget_seconds: float) -> list[Outcome]:
        self._step("run_all")
        self.running, self.budget_seconds = jobs, budget_seconds
        return [
            Outcome(result={"ok": True}, error=self.outcomes.get(job.job_id), duration_seconds=0.1)  # type: ignore[arg-type]
            for job in jobs
        ]

    def move(self, moves: Sequence[Move]) -> set[str]:
        self._step("move")
        self.moves = moves
        return {move.job.job_id for move in moves} - self.lost

    def publish_now(self, messages: Sequence[Message]) -> None:
        self._step("publish_now")
        self.published.extend(messages)

    def publish(self, messages: Sequence[Message]) -> list[str]:
        self._step("publish")
        self.published.extend(messages)
        return [] if self.broker_away else [message.id for message in messages]

    def mark_done(self, events: Sequence[JobEvent]) -> None:
        self._step("mark_done")
        self.done.extend(events)


class Counts(Meter):
    """A meter that can be looked into."""

    @property
    def counts(self) -> dict[str, int]:
        return {counter.value: number for counter, number in self._counts.items() if number}


def make_processor(parts: Any, *, partial: bool = False) -> BatchProcessor:
    settings = Settings(
        stage="test",
        database_host="h",
        database_port=1,
        database_name="d",
        database_tls=False,
        database_secret_id="d",
        cache_host="h",
        cache_port=1,
        cache_tls=False,
        kafka_bootstrap="k",
        kafka_security="PLAINTEXT",
        webhook_signing_secret_id="w",
        report_batch_item_failures=partial,
    )
    return BatchProcessor(
        attempts=parts,
        jobs=parts,
        outbox=parts,
        broker=parts,
        deduplication=parts,
        executor=parts,
        settings=settings,
        chance=lambda: 0.5,
    )


def process(parts: Recorder, *values: bytes) -> Counts:
    meter = Counts(None)
    records = [
        {"topic": "job-events", "partition": 0, "offset": n, "key": None, "value": base64.b64encode(v).decode()}
        for n, v in enumerate(values)
    ]
    make_processor(parts).process({"records": {"job-events-0": records}}, meter, remaining_seconds=60)
    return meter


def event(parts: Recorder, *, exists: bool = True, event_type: EventType = EventType.JOB_CREATED) -> JobEvent:
    made = JobEvent(
        event_type=event_type, job_id=new_id(), tenant_id="tenant-a", attempt=1, status="PENDING", correlation_id="c"
    )
    if exists:
        job = vars(make_job(job_id=made.job_id))
        parts.known[made.job_id] = {**job, "webhook_url": None, "webhook_key_version": 1}
    return made


def value(one: JobEvent) -> bytes:
    return one.to_json().encode()


def test_a_batch_goes_through_its_steps_in_order() -> None:
    parts = Recorder()
    one = event(parts)
    counts = process(parts, value(one)).counts
    assert parts.steps == ["drop_done", "claim", "run_all", "move", "publish_now", "mark_done"]
    assert parts.done == [one]
    assert counts == {"attempts_total": 1, "jobs_completed_total": 1}
    assert parts.budget_seconds == 60 - RESERVED_SECONDS
    [job] = parts.running
    assert job.effect_key == f"{one.job_id}-0-1"


def test_an_empty_batch_and_endings_need_no_database() -> None:
    parts = Recorder()
    process(parts)
    process(parts, value(event(parts, event_type=EventType.JOB_COMPLETED)))
    assert set(parts.steps) == {"drop_done", "mark_done"}
    assert parts.done == []


def test_poison_is_published_after_the_jobs_are_finished() -> None:
    parts = Recorder()
    counts = process(parts, b"poison", value(event(parts)), value(event(parts, exists=False))).counts
    assert parts.steps.index("move") < parts.steps.index("publish") < parts.steps.index("mark_done")
    reasons = [json.loads(m.value)["failureReason"] for m in parts.published if m.topic == "job-dlq"]
    assert reasons == ["NOT_JSON", "UNKNOWN_JOB"]
    assert counts == {"attempts_total": 1, "jobs_completed_total": 1, "poison_records_total": 2}


def test_poison_that_cannot_be_published_makes_the_batch_come_again() -> None:
    parts = Recorder()
    parts.broker_away = True
    with pytest.raises(PublishError):
        process(parts, b"poison", value(event(parts)))
    assert "move" in parts.steps
    assert parts.done == []


@pytest.mark.parametrize("step", ["claim", "move"])
def test_an_absent_database_makes_the_batch_come_again(step: str) -> None:
    parts = Recorder()
    parts.errors[step] = psycopg.OperationalError("away")
    with pytest.raises(psycopg.OperationalError):
        process(parts, value(event(parts)))
    assert parts.published == []
    assert parts.done == []


def test_each_job_ends_by_its_own_outcome() -> None:
    parts = Recorder()
    events = [event(parts) for _ in range(3)]
    parts.outcomes = {events[1].job_id: RetryableError("later"), events[2].job_id: PermanentError("never")}
    counts = process(parts, *map(value, events)).counts
    assert [move.to for move in parts.moves] == ["COMPLETED", "PENDING", "FAILED"]
    assert parts.moves[1].delay_seconds == pytest.approx(2.1)
    assert counts == {
        "attempts_total": 3,
        "jobs_completed_total": 1,
        "jobs_retried_total": 1,
        "jobs_failed_total": 1,
        "jobs_sent_to_dlq_total": 1,
    }
    assert parts.done == events


def test_of_a_job_whose_lease_was_lost_only_the_attempt_counts() -> None:
    parts = Recorder()
    lost, kept = event(parts), event(parts)
    parts.lost = {lost.job_id}
    counts = process(parts, value(lost), value(kept)).counts
    assert {message.key for message in parts.published} == {kept.job_id}
    assert counts == {"attempts_total": 2, "jobs_completed_total": 1}


def test_one_lease_token_covers_the_batch() -> None:
    parts = Recorder()
    process(parts, *(value(event(parts)) for _ in range(3)))
    assert len({move.job.lease_token for move in parts.moves}) == 1


def test_a_duplicate_that_the_claim_refused_is_counted_and_marked() -> None:
    parts = Recorder()
    one = event(parts)
    parts.known.clear()
    parts.claim = lambda *_, **__: Claims(rows=[], unknown=set())  # type: ignore[method-assign]
    counts = process(parts, value(one)).counts
    assert counts == {Counter.DUPLICATE_EVENTS.value: 1}
    assert parts.done == [one]


def test_a_job_that_waits_for_its_classification_is_no_duplicate() -> None:
    parts = Recorder()
    one = event(parts)
    parts.known.clear()
    waiting = ((one.job_id, one.tenant_id),)
    parts.claim = lambda *_, **__: Claims(rows=[], unknown=set(), unclassified=waiting)  # type: ignore[method-assign]
    assert process(parts, value(one)).counts == {}
    assert parts.done == []
