"""A big batch makes exactly as many database and cache round trips as a small one, counted on the wire."""

import os
from collections.abc import Callable, Iterator

import pytest

import smartqueue.database
from tests.fakes.counting_proxy import CountingProxy
from tests.integration.harness import Plane

FEW, MANY = 5, 500
# Claim, move, delete from the outbox; known duplicates, done, metrics.
PROCESS_TRIPS = (3, 3)
# Look, write, delete from the outbox; known titles, metrics.
CLASSIFY_TRIPS = (3, 2)
# Insert, delete from the outbox; quota, metrics.
SUBMIT_TRIPS = (2, 2)
WAYS_TO_END = (
    {"durationSeconds": 0},
    {"durationSeconds": 0, "failTimes": 1},
    {"durationSeconds": 0, "failTimes": 1, "failure": "permanent"},
)


class Counted:
    """A stage whose functions reach Postgres and Valkey through counting proxies."""

    def __init__(self, plane: Plane, database: CountingProxy, cache: CountingProxy) -> None:
        self.plane = plane
        self._database = database
        self._cache = cache

    def trips(self, action: Callable[[], object]) -> tuple[int, int]:
        """Run an action and return how many round trips it made to Postgres and to Valkey."""
        before = self._database.round_trips, self._cache.round_trips
        action()
        return self._database.round_trips - before[0], self._cache.round_trips - before[1]


@pytest.fixture(scope="module")
def counted_stage(running_plane: Plane) -> Iterator[Counted]:
    with CountingProxy(running_plane.postgres.port) as database, CountingProxy(running_plane.valkey.port) as cache:
        stage = Plane(
            postgres=running_plane.postgres,
            valkey=running_plane.valkey,
            kafka=running_plane.kafka,
            stage="counted",
            database_port=database.port,
            cache_port=cache.port,
            # On a slow machine these would add round trips that depend on time, not on size.
            extra={"LEASE_SECONDS": "1200", "HEARTBEAT_SECONDS": "600"},
        )
        stage.create_secrets()
        yield Counted(stage, database, cache)


@pytest.fixture
def counted(plane: Plane, counted_stage: Counted, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    monkeypatch.setattr(smartqueue.database, "CHECK_AFTER_IDLE_SECONDS", 600.0)
    plane.freshen()
    counted_stage.plane.clear()
    yield counted_stage
    counted_stage.plane.freshen()
    for name in counted_stage.plane.extra:
        os.environ.pop(name, None)


def test_processing_takes_the_same_round_trips_for_5_and_for_500_records(counted: Counted) -> None:
    plane = counted.plane
    jobs = [
        job
        for payload in WAYS_TO_END
        for job in plane.submit_many(plane.admin_token, (MANY + FEW + 3) // 3 + 1, type="simulate", payload=payload)
    ]
    records = plane.records()
    assert len(records) == len(jobs)
    warm, few, many = records[:1], records[1 : 1 + FEW], records[1 + FEW : 1 + FEW + MANY]
    assert len(many) == MANY
    plane.deliver("process", warm)

    trips = [counted.trips(lambda batch=batch: plane.deliver("process", batch)) for batch in (few, many)]  # type: ignore[misc]

    assert trips == [PROCESS_TRIPS, PROCESS_TRIPS]
    assert sum(plane.statuses().values()) - plane.rows("SELECT count(*) AS n FROM jobs WHERE attempt = 0")[0]["n"] == (
        1 + FEW + MANY
    )


def test_a_duplicate_batch_takes_no_more_round_trips_when_it_is_big(counted: Counted) -> None:
    plane = counted.plane
    plane.submit_many(plane.admin_token, MANY, type="simulate", payload={"durationSeconds": 0})
    records = plane.records()
    plane.deliver("process", records)
    few = counted.trips(lambda: plane.deliver("process", records[:FEW]))
    many = counted.trips(lambda: plane.deliver("process", records))
    assert few == many
    # The cache alone recognises it: the database is not even asked.
    assert few[0] == 0


def test_classifying_takes_the_same_round_trips_for_5_and_for_500_records(counted: Counted) -> None:
    plane = counted.plane
    plane.submit_many(plane.admin_token, 1 + FEW + MANY)
    records = plane.records()
    plane.deliver("classify", records[:1])
    few = counted.trips(lambda: plane.deliver("classify", records[1 : 1 + FEW]))
    many = counted.trips(lambda: plane.deliver("classify", records[1 + FEW :]))
    assert (few, many) == (CLASSIFY_TRIPS, CLASSIFY_TRIPS)
    assert plane.rows("SELECT count(*) AS n FROM jobs WHERE category IS NOT NULL") == [{"n": 1 + FEW + MANY}]


@pytest.mark.parametrize("key", [None, "order-1"])
def test_submitting_takes_the_same_round_trips_for_one_and_for_100_jobs(counted: Counted, key: str | None) -> None:
    plane = counted.plane
    token = plane.admin_token
    headers = {"Idempotency-Key": key} if key else {}
    batch = {"jobs": [{"title": f"job {n}"} for n in range(100)]}
    plane.submit(token)
    one = counted.trips(lambda: plane.call("submit", "POST", "/jobs", {"title": "one"}, token=token, headers=headers))
    many = counted.trips(lambda: plane.call("submit", "POST", "/jobs/batch", batch, token=token, headers=headers))
    assert (one, many) == (SUBMIT_TRIPS, SUBMIT_TRIPS)
    assert plane.statuses() == {"PENDING": 102}


def test_the_relay_publishes_500_rows_with_the_round_trips_of_5(counted: Counted) -> None:
    plane = counted.plane

    def left_over(count: int) -> None:
        plane.rows(
            "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at) SELECT uuidv7(), 'tenant-a',"
            ' \'job-results\', n::text, \'{"eventType": "TEST"}\', \'{"correlation_id": "c"}\', now()'
            " FROM generate_series(1, %s) n",
            count,
        )

    plane.look()
    trips = []
    for count in (FEW, MANY):
        left_over(count)
        trips.append(counted.trips(plane.look))
        assert len(plane.records("job-results")) == count
    assert trips[0] == trips[1]
