"""The relay's loop on a clock of its own."""

import json
from itertools import pairwise
from typing import Any

import psycopg
import pytest

from functions.relay.loop import (
    DATABASE_PAUSE_SECONDS,
    PUBLISH_BATCH,
    RESERVED_SECONDS,
    RETENTION_EVERY_SECONDS,
    Relay,
)
from functions.relay.settings import Settings
from smartqueue.events import Message
from smartqueue.metrics import Gauge, Meter
from smartqueue.store.attempts import Gauges

MESSAGE = Message(topic="t", key="k", value="v", correlation_id="c", tenant_id="t")


class World:
    """A clock, and everything the relay looks at."""

    def __init__(self, *found: int | Exception) -> None:
        self.now = 1000.0
        self.found = list(found)
        self.pauses: list[float] = []
        self.tasks: list[tuple[str, float]] = []
        self.lost: int | Exception = 0
        # How many batches of old rows there are, and what removing one of them raises.
        self.old = 0
        self.stuck: list[Exception] = []

    def clock(self) -> float:
        return self.now

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds

    def publish_due(self, *, limit: int) -> list[Message]:
        assert limit == PUBLISH_BATCH
        self.now += 0.01
        found = self.found.pop(0) if self.found else 0
        if isinstance(found, Exception):
            raise found
        return [MESSAGE] * found

    def rescue_expired(self, _: Meter) -> int:
        self.tasks.append(("expired", self.now))
        return 0

    def rescue_stranded(self, _: Meter) -> int:
        self.tasks.append(("stranded", self.now))
        return 0

    def gauges(self) -> Gauges:
        self.tasks.append(("gauges", self.now))
        return Gauges(active_jobs=1, dead_jobs=2, outbox_backlog=3, oldest_pending_seconds=4.0, oldest_dead_seconds=5.0)

    def unaccounted(self) -> int:
        self.tasks.append(("ledger", self.now))
        if isinstance(self.lost, Exception):
            raise self.lost
        return self.lost

    def remove(self, _: Meter) -> bool:
        self.tasks.append(("retention", self.now))
        self.now += 0.05
        if self.stuck:
            raise self.stuck.pop(0)
        self.old = max(self.old - 1, 0)
        return self.old > 0

    def count(self, task: str) -> int:
        return [name for name, _ in self.tasks].count(task)


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "test")


def run(world: Any, *, remaining_seconds: float = 60) -> int:
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
    )
    relay = Relay(
        outbox=world,
        rescue=world,
        attempts=world,
        ledger=world,
        retention=world,
        settings=settings,
        clock=world.clock,
        pause=world.pause,
    )
    return relay.run(Meter(None), remaining_seconds=remaining_seconds)


def test_it_looks_for_most_of_a_minute_a_few_times_a_second() -> None:
    world = World()
    assert run(world) == 0
    assert 56 <= world.now - 1000 <= 58
    assert set(world.pauses) == {0.25}


def test_it_ends_before_the_invocation_does() -> None:
    world = World()
    run(world, remaining_seconds=20)
    assert world.now - 1000 <= 20 - RESERVED_SECONDS + 0.3


def test_it_counts_what_it_published_and_does_not_pause_while_batches_are_full() -> None:
    world = World(PUBLISH_BATCH, PUBLISH_BATCH, 7)
    assert run(world, remaining_seconds=4) == 2 * PUBLISH_BATCH + 7
    assert world.now - 1000 < 1.5


def test_other_work_is_done_now_and_then() -> None:
    world = World()
    run(world)
    assert 50 <= world.count("expired") <= 58
    assert world.count("stranded") == 2
    assert 5 <= world.count("gauges") <= 6
    assert world.count("ledger") == 1
    assert world.count("retention") == 2


def test_how_things_stand_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.lost = 6
    run(world, remaining_seconds=RESERVED_SECONDS + 0.1)
    [line] = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # Whether the audit trail is whole is told by those who verify it.
    assert {gauge.value: line[gauge] for gauge in Gauge if gauge is not Gauge.AUDIT_PROBLEMS} == {
        "active_jobs_count": [1.0],
        "dlq_size": [2.0],
        "outbox_backlog": [3.0],
        "oldest_pending_job_age_seconds": [4.0],
        "oldest_dead_letter_age_seconds": [5.0],
        "jobs_unaccounted": [6.0],
    }
    units = {metric["Name"]: metric["Unit"] for metric in line["_aws"]["CloudWatchMetrics"][0]["Metrics"]}
    assert units[Gauge.OLDEST_DEAD_LETTER] == units[Gauge.OLDEST_PENDING] == "Seconds"
    assert units[Gauge.DLQ_SIZE] == "Count"


def test_jobs_that_take_too_long_to_count_hold_nothing_up(capsys: pytest.CaptureFixture[str]) -> None:
    world = World(3)
    world.lost = psycopg.errors.QueryCanceled("timeout")
    assert run(world) == 3
    assert world.count("ledger") == 1
    assert set(world.pauses) == {0.25}
    assert "jobs_unaccounted" not in capsys.readouterr().out


def test_an_absent_database_is_waited_for() -> None:
    away = psycopg.OperationalError("away")
    world = World(away, away, 3)
    assert run(world) == 3
    assert world.pauses[:2] == [DATABASE_PAUSE_SECONDS] * 2


def test_any_other_error_ends_the_invocation() -> None:
    with pytest.raises(psycopg.ProgrammingError):
        run(World(psycopg.ProgrammingError("a bug")))


def test_old_rows_are_removed_batch_after_batch_while_there_is_nothing_to_publish() -> None:
    world = World()
    world.old = 5
    run(world, remaining_seconds=RESERVED_SECONDS + 10)
    assert world.count("retention") == 5
    # One for each look, which pauses as ever.
    moments = [moment for name, moment in world.tasks if name == "retention"]
    assert all(0.25 < later - earlier < 0.5 for earlier, later in pairwise(moments))


def test_messages_that_are_due_wait_for_one_batch_of_old_rows_now_and_then() -> None:
    # Full batches for as long as the invocation lasts.
    world = World(*[PUBLISH_BATCH] * 10_000)
    world.old = 1_000
    run(world)
    assert world.count("retention") == 2
    moments = [moment for name, moment in world.tasks if name == "retention"]
    assert moments[1] - moments[0] >= RETENTION_EVERY_SECONDS


def test_messages_go_out_before_old_rows_do() -> None:
    world = World(3)
    world.stuck = [psycopg.OperationalError("away")]
    run(world, remaining_seconds=RESERVED_SECONDS + 0.01)
    assert world.found == []
    assert world.pauses == [DATABASE_PAUSE_SECONDS]


def test_an_absent_database_makes_no_hurry_to_remove_old_rows() -> None:
    world = World()
    world.old, world.stuck = 5, [psycopg.OperationalError("away")]
    run(world, remaining_seconds=RESERVED_SECONDS + 20)
    assert world.count("retention") == 1
