"""Known duplicates: only what is finished for sure is dropped, and an absent cache drops nothing."""

from typing import Any

import pytest
import redis

from functions.process.deduplication import DONE, KEEP_SECONDS, STARTED, Deduplication
from smartqueue.events import EventType, JobEvent
from smartqueue.ids import new_id


class Cache:
    """Remembers what SET did, as Valkey would."""

    def __init__(self, *, away: bool = False) -> None:
        self.values: dict[str, str] = {}
        self.lifetimes: set[int] = set()
        self.round_trips = 0
        self.away = away
        self._replies: list[Any] = []

    def pipeline(self, *, transaction: bool) -> "Cache":
        assert transaction is False
        self._replies = []
        return self

    def set(self, key: str, value: str, *, ex: int, nx: bool = False, get: bool = False) -> None:
        before = self.values.get(key)
        if not (nx and before is not None):
            self.values[key] = value
        self.lifetimes.add(ex)
        self._replies.append(before if get else True)

    def execute(self) -> list[Any]:
        self.round_trips += 1
        if self.away:
            raise redis.ConnectionError("away")
        return self._replies


def make_event(**changes: Any) -> JobEvent:
    fields: dict[str, Any] = {
        "event_type": EventType.JOB_CREATED,
        "job_id": new_id(),
        "tenant_id": "tenant-a",
        "attempt": 1,
        "status": "PENDING",
        "correlation_id": "c",
    }
    return JobEvent(**{**fields, **changes})


def deduplication(cache: Cache) -> Deduplication:
    return Deduplication(cache)  # type: ignore[arg-type]


def test_a_new_event_passes_and_leaves_its_mark_for_a_day() -> None:
    cache, event = Cache(), make_event()
    assert deduplication(cache).drop_done([event]) == [event]
    assert cache.values == {event.idempotency_key: STARTED}
    assert cache.lifetimes == {KEEP_SECONDS} == {86_400}


def test_an_event_that_was_started_but_not_finished_passes_again() -> None:
    cache, event = Cache(), make_event()
    dedup = deduplication(cache)
    dedup.drop_done([event])
    assert dedup.drop_done([event]) == [event]


def test_a_finished_event_is_dropped_and_others_are_not() -> None:
    cache, done, other = Cache(), make_event(), make_event()
    dedup = deduplication(cache)
    dedup.mark_done([done])
    assert cache.values[done.idempotency_key] == DONE
    assert dedup.drop_done([done, other, done]) == [other]
    assert dedup.drop_done([done]) == [], "being dropped does not undo the mark"


def test_the_same_event_twice_in_a_batch_passes_once() -> None:
    event = make_event()
    assert deduplication(Cache()).drop_done([event, event, event]) == [event]


@pytest.mark.parametrize("count", [1, 500])
def test_a_batch_of_any_size_is_one_round_trip_each_way(count: int) -> None:
    cache = Cache()
    events = [make_event() for _ in range(count)]
    dedup = deduplication(cache)
    dedup.drop_done(events)
    dedup.mark_done(events)
    assert cache.round_trips == 2


def test_nothing_to_mark_is_no_round_trip() -> None:
    cache = Cache()
    deduplication(cache).mark_done([])
    assert cache.round_trips == 0


def test_without_the_cache_everything_passes_once_and_nothing_is_raised() -> None:
    events = [make_event(), make_event()]
    dedup = deduplication(Cache(away=True))
    assert dedup.drop_done([*events, *events]) == events
    dedup.mark_done(events)
