"""An event source that takes single records back: exactly those come again that were not taken care of."""

import base64
from typing import Any

import psycopg
import pytest

from smartqueue.events import EventType, JobEvent
from smartqueue.partial_batches import Position, batch_answer
from smartqueue.store.attempts import Claims
from tests.unit.process.test_batch import Counts, Recorder, event, make_processor, value

AWAY = psycopg.OperationalError("away")


def process(parts: Recorder, **partitions: list[bytes]) -> set[tuple[str, int]]:
    """Process a batch; partitions are named p0, p1, ... Their offsets start at 100. Returns what must come again."""
    records = {
        f"job-events-{name[1:]}": [
            {
                "topic": "job-events",
                "partition": int(name[1:]),
                "offset": 100 + n,
                "value": base64.b64encode(one).decode(),
            }
            for n, one in enumerate(values)
        ]
        for name, values in partitions.items()
    }
    processor = make_processor(parts, partial=True)
    failed = processor.process({"records": records}, Counts(None), remaining_seconds=60)
    return {(position.partition, position.offset) for position in failed}


def ending(parts: Recorder) -> JobEvent:
    return event(parts, event_type=EventType.JOB_COMPLETED)


def test_nothing_comes_again_after_a_good_batch() -> None:
    parts = Recorder()
    one = event(parts)
    assert process(parts, p0=[value(one), b"poison", value(ending(parts))]) == set()
    assert parts.done == [one]


def test_only_events_that_ask_for_an_attempt_come_again_when_none_could_be_claimed() -> None:
    parts = Recorder()
    parts.errors["claim"] = AWAY
    first, second = event(parts), event(parts)
    failed = process(parts, p0=[value(first), b"poison", value(ending(parts))], p3=[value(second)])
    assert failed == {("job-events-0", 100), ("job-events-3", 100)}
    assert [message.topic for message in parts.published] == ["job-dlq"]
    assert parts.done == []
    assert "run_all" not in parts.steps


def test_what_the_cache_knows_to_be_done_does_not_come_again() -> None:
    parts = Recorder()
    parts.errors["claim"] = AWAY
    known, fresh = event(parts), event(parts)
    parts.drop_done = lambda events: [e for e in events if e == fresh]  # type: ignore[method-assign]
    assert process(parts, p0=[value(known), value(fresh)]) == {("job-events-0", 101)}


def test_every_record_of_an_event_that_was_not_taken_care_of_comes_again() -> None:
    parts = Recorder()
    parts.errors["claim"] = AWAY
    one = event(parts)
    parts.drop_done = lambda events: list(events)[:1]  # type: ignore[method-assign]
    assert process(parts, p0=[value(one), value(one)]) == {("job-events-0", 100), ("job-events-0", 101)}


def test_only_jobs_that_ran_come_again_when_their_outcomes_could_not_be_written() -> None:
    parts = Recorder()
    parts.errors["move"] = AWAY
    ran, refused, unknown = event(parts), event(parts), event(parts, exists=False)
    row = parts.known[ran.job_id]
    claims = Claims(rows=[row | {"lease_token": "t"}], unknown={(unknown.job_id, unknown.tenant_id)})
    parts.claim = lambda *_, **__: claims  # type: ignore[method-assign]
    assert process(parts, p0=[value(ran), value(refused), value(unknown)]) == {("job-events-0", 100)}
    assert parts.done == [refused, unknown]
    assert [message.topic for message in parts.published] == ["job-dlq"]


def test_poison_comes_again_until_its_letter_is_written_and_nothing_else_does() -> None:
    parts = Recorder()
    good, unknown = event(parts), event(parts, exists=False)
    letters: list[Any] = []

    def publish_the_first(messages: list[Any]) -> list[str]:
        letters.extend(messages)
        return [messages[0].id]

    parts.publish = publish_the_first  # type: ignore[assignment,method-assign]
    failed = process(parts, p0=[b"poison", value(good), b"more poison", value(unknown)])
    assert len(letters) == 3
    assert failed == {("job-events-0", 102), ("job-events-0", 103)}
    # Remembered as done, the event of the unknown job would drop out when it comes again.
    assert parts.done == [good]


def test_all_are_listed_when_everything_failed() -> None:
    parts = Recorder()
    parts.errors["claim"] = AWAY
    parts.broker_away = True
    failed = process(parts, p0=[value(event(parts)), b"poison"], p1=[value(event(parts))])
    assert failed == {("job-events-0", 100), ("job-events-0", 101), ("job-events-1", 100)}


def test_a_bug_is_no_record_to_leave_for_later() -> None:
    parts = Recorder()
    parts.errors["move"] = RuntimeError("bug")
    with pytest.raises(RuntimeError):
        process(parts, p0=[value(event(parts))])


def test_the_answer_has_the_form_that_lambda_asks_for() -> None:
    failed = [Position.of("job-events", 3, 7), Position("job-events-0", 100), Position("job-events-0", 100)]
    assert batch_answer(failed) == {
        "batchItemFailures": [
            {"itemIdentifier": {"partition": "job-events-0", "offset": 100}},
            {"itemIdentifier": {"partition": "job-events-3", "offset": 7}},
        ]
    }
    assert batch_answer([]) == {"batchItemFailures": []}
