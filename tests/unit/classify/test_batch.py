"""What a batch of the classifier counts."""

import base64
from typing import Any, get_args

import psycopg
import pytest

from functions.classify.batch import BatchClassifier
from functions.classify.classification import Classification
from functions.classify.policy import FallbackReason, Ticket, Verdict
from smartqueue.events import EventType, JobEvent
from smartqueue.ids import new_id
from smartqueue.metrics import Counter, Meter


class Parts:
    """A store and an outbox that accept everything, and a model that was asked about the first ticket only."""

    def __init__(self, *job_ids: str) -> None:
        self.job_ids = job_ids
        self.meter = Counts(None)

    def find_unclassified(self, job_ids: list[str]) -> list[dict[str, Any]]:
        return [
            {"job_id": job_id, "tenant_id": "tenant-a", "title": "t", "description": "d", "correlation_id": "c"}
            | {"attempt": 0, "replay_count": 0, "type": "ticket"}
            for job_id in self.job_ids
            if job_id in job_ids
        ]

    def classify_batch(self, tickets: list[Ticket], _: float) -> list[Verdict]:
        sure = Classification(
            category="Database", priority="HIGH", confidence_score=0.9, recommended_action="Look.", source="AI"
        )
        asked = Verdict(sure, cache_hit=False, prompt_tokens=120, completion_tokens=30)
        return [asked, *(Verdict(sure, cache_hit=True) for _ in tickets[1:])]

    def write(self, jobs: list[Any], **_: Any) -> dict[str, bool]:
        return {job.job_id: False for job in jobs}

    def publish_now(self, messages: list[Any]) -> None:
        assert messages == []


class Undecided(Parts):
    """A model that did not decide anything, for one reason after the other."""

    def classify_batch(self, tickets: list[Ticket], _: float) -> list[Verdict]:
        rules = Classification(
            category="Database", priority="HIGH", confidence_score=0.5, recommended_action="Look.", source="FALLBACK"
        )
        reasons = get_args(FallbackReason)
        assert len(reasons) == 4
        return [
            Verdict(rules, cache_hit=None, fallback_reason=reason) for _, reason in zip(tickets, reasons, strict=True)
        ]


class Counts(Meter):
    """A meter that can be looked into."""

    @property
    def counts(self) -> dict[Counter, int]:
        return {counter: number for counter, number in self._counts.items() if number}


def record(job_id: str) -> dict[str, Any]:
    event = JobEvent(
        event_type=EventType.JOB_CREATED,
        job_id=job_id,
        tenant_id="tenant-a",
        attempt=1,
        status="PENDING",
        correlation_id="c",
        title="t",
        description="d",
    )
    value = base64.b64encode(event.to_json().encode()).decode()
    return {"topic": "job-events", "partition": 0, "offset": 0, "key": None, "value": value}


def test_tokens_are_counted_by_direction_because_they_cost_differently() -> None:
    parts: Any = Parts(new_id(), new_id(), new_id())
    batch = {"records": {"job-events-0": [record(job_id) for job_id in parts.job_ids]}}
    BatchClassifier(parts, parts, parts).classify(batch, parts.meter, remaining_seconds=60)
    assert parts.meter.counts == {
        Counter.CACHE_MISSES: 1,
        Counter.CACHE_HITS: 2,
        Counter.AI_INPUT_TOKENS: 120,
        Counter.AI_OUTPUT_TOKENS: 30,
        Counter.AI_TOKENS: 150,
        Counter.CLASSIFIED_BY_AI: 3,
    }


def test_only_a_model_that_fails_counts_as_a_failure_of_the_model() -> None:
    parts: Any = Undecided(new_id(), new_id(), new_id(), new_id())
    batch = {"records": {"job-events-0": [record(job_id) for job_id in parts.job_ids]}}
    BatchClassifier(parts, parts, parts).classify(batch, parts.meter, remaining_seconds=60)
    assert parts.meter.counts == {Counter.CLASSIFIED_BY_RULES: 4, Counter.MODEL_FAILED: 2}


class Failing(Parts):
    """A store that fails at one of its steps."""

    def __init__(self, step: str, *job_ids: str) -> None:
        super().__init__(*job_ids)
        self.step = step

    def find_unclassified(self, job_ids: list[str]) -> list[dict[str, Any]]:
        if self.step == "find":
            raise psycopg.OperationalError("away")
        return super().find_unclassified(job_ids)

    def write(self, jobs: list[Any], **_: Any) -> dict[str, bool]:  # noqa: ARG002
        raise psycopg.OperationalError("away")


@pytest.mark.parametrize(("step", "left"), [("find", [100, 102]), ("write", [100])])
def test_records_that_were_not_taken_care_of_come_again_where_that_is_possible(step: str, left: list[int]) -> None:
    new, known = new_id(), new_id()
    parts: Any = Failing(step, new)
    records = [record(new), {**record(new), "value": "?"}, record(known)]
    batch = {"records": {"job-events-4": [{**r, "partition": 4, "offset": 100 + n} for n, r in enumerate(records)]}}
    classifier = BatchClassifier(parts, parts, parts, report_failures=True)
    failed = classifier.classify(batch, parts.meter, remaining_seconds=60)
    assert sorted((position.partition, position.offset) for position in failed) == [("job-events-4", n) for n in left]
    with pytest.raises(psycopg.OperationalError):
        BatchClassifier(parts, parts, parts).classify(batch, parts.meter, remaining_seconds=60)
