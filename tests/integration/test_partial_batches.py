"""Partial batch responses: the trigger delivers again what it is told, and every job still runs once per attempt."""

from typing import Any

import pytest

from tests.integration.harness import Plane, values
from tests.integration.topics import FakeRecord

POISON = FakeRecord(value=b"not JSON", partition=2, offset=77)
POISON_FAILED = {"itemIdentifier": {"partition": "job-events-2", "offset": 77}}


@pytest.fixture
def partial_plane(fragile_plane: Plane) -> Plane:
    """Services with a trigger that takes single records back."""
    fragile_plane.configure(REPORT_BATCH_ITEM_FAILURES="true")
    return fragile_plane


def failures(answer: Any) -> list[tuple[str, int]]:
    return [(f["itemIdentifier"]["partition"], f["itemIdentifier"]["offset"]) for f in answer["batchItemFailures"]]


def position(record: Any) -> tuple[str, int]:
    return f"{record.topic}-{record.partition}", record.offset


def test_poison_alone_comes_again_while_kafka_is_away(partial_plane: Plane) -> None:
    plane = partial_plane
    job = plane.simulate(plane.admin())
    [record] = plane.records()
    plane.kafka.stop()
    assert plane.deliver("process", [POISON, record]) == {"batchItemFailures": [POISON_FAILED]}
    assert plane.job(job)["status"] == "COMPLETED"

    plane.kafka.start()
    plane.freshen()
    assert plane.deliver("process", [POISON]) == {"batchItemFailures": []}
    letters = values(plane.records("job-dlq"))
    assert [(letter["sourcePartition"], letter["sourceOffset"]) for letter in letters] == [(2, 77)]


def test_the_records_of_jobs_come_again_while_the_database_is_away(partial_plane: Plane) -> None:
    plane = partial_plane
    token = plane.admin()
    jobs = plane.submit_many(token, 3)
    records = plane.records()
    plane.postgres.stop()
    for function in ("process", "classify"):
        answer = plane.deliver(function, [POISON, *records])
        assert sorted(failures(answer)) == sorted(map(position, records)), function
    assert len(plane.records("job-dlq")) == 1

    plane.postgres.start()
    assert plane.deliver("process", records) == {"batchItemFailures": []}
    assert plane.deliver("classify", records) == {"batchItemFailures": []}
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 3}
    assert {plane.job(job)["attempt"] for job in jobs} == {1}


def test_a_record_that_must_come_again_is_not_remembered_as_done(partial_plane: Plane) -> None:
    plane = partial_plane
    job = plane.simulate(plane.admin())
    records = plane.records()
    plane.postgres.stop()
    assert failures(plane.deliver("process", records)) == [position(record) for record in records]
    plane.postgres.start()
    assert plane.deliver("process", records) == {"batchItemFailures": []}
    assert plane.job(job)["status"] == "COMPLETED"


def test_everything_is_listed_when_everything_is_away(partial_plane: Plane) -> None:
    plane = partial_plane
    plane.simulate(plane.admin())
    [record] = plane.records()
    plane.postgres.stop()
    plane.kafka.stop()
    answer = plane.deliver("process", [POISON, record])
    assert sorted(failures(answer)) == sorted([position(record), position(POISON)])


def test_a_record_that_comes_again_after_a_later_one_of_its_job_changes_nothing(partial_plane: Plane) -> None:
    plane = partial_plane
    job = plane.simulate(plane.admin(), failTimes=1)
    first = plane.records()
    plane.deliver("process", first)
    plane.make_due()
    plane.look()
    second = plane.records()
    assert plane.deliver("process", second) == {"batchItemFailures": []}
    before = (plane.job(job), plane.audit(job))
    # As after a batch in which the first record was listed although its outcome had been written; the cache forgot.
    plane.freshen()
    plane.clear_cache()
    assert plane.deliver("process", [*second, *first]) == {"batchItemFailures": []}
    assert (plane.job(job), plane.audit(job)) == before
    assert (plane.job(job)["status"], plane.job(job)["attempt"]) == ("COMPLETED", 2)


def test_without_the_setting_the_whole_batch_comes_again(fragile_plane: Plane) -> None:
    plane = fragile_plane
    plane.simulate(plane.admin())
    records = plane.records()
    plane.kafka.stop()
    with pytest.raises(Exception, match="1 poison records did not reach"):
        plane.deliver("process", [POISON, *records])
