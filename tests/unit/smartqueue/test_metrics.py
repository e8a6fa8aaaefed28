"""The meter: what was counted is printed once and shared, whatever happens."""

import json
from typing import Any

import pytest
import redis

from smartqueue.metrics import DURATION, DURATION_BUCKETS_SECONDS, Counter, Gauge, Meter, metered


class Cache:
    """Takes pipelines down as lists of commands."""

    def __init__(self, error: Exception | None = None) -> None:
        self.commands: list[tuple[object, ...]] = []
        self.executed = 0
        self._error = error

    def pipeline(self, **_: object) -> "Cache":
        return self

    def hincrby(self, *arguments: object) -> None:
        self.commands.append(arguments)

    hincrbyfloat = hset = hincrby

    def execute(self) -> None:
        self.executed += 1
        if self._error is not None:
            raise self._error


@pytest.fixture(autouse=True)
def stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "dev")


def printed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def flush(cache: Cache | None, **counts: int) -> None:
    meter = Meter(cache)  # type: ignore[arg-type]
    for name, number in counts.items():
        meter.count(Counter[name], number)
    meter.flush()


def test_counts_are_printed_as_emf_and_shared_in_one_round_trip(capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache()
    flush(cache, JOBS_CREATED=3, JOBS_FAILED=1, JOBS_RETRIED=0)
    [line] = printed(capsys)
    assert (line["jobs_created_total"], line["jobs_failed_total"]) == ([3.0], [1.0])
    assert "jobs_retried_total" not in line
    [directive] = line["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "SmartTaskQueue"
    [dimensions] = directive["Dimensions"]
    assert {name: line[name] for name in dimensions} == {"service": "smartqueue", "stage": "dev"}
    assert cache.executed == 1
    assert cache.commands == [
        ("metrics:counters", "jobs_created_total", 3),
        ("metrics:counters", "jobs_failed_total", 1),
    ]


def test_nothing_counted_is_nothing_printed(capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache()
    flush(cache)
    assert (printed(capsys), cache.executed) == ([], 0)


def test_what_was_flushed_is_not_flushed_again(capsys: pytest.CaptureFixture[str]) -> None:
    meter = Meter(None)
    meter.count(Counter.JOBS_CREATED)
    meter.flush()
    meter.flush()
    assert len(printed(capsys)) == 1


@pytest.mark.parametrize("values", [1, 99, 100, 101, 200, 350])
def test_any_number_of_durations_is_printed_whole(capsys: pytest.CaptureFixture[str], values: int) -> None:
    cache = Cache()
    meter = Meter(cache)  # type: ignore[arg-type]
    for _ in range(values):
        meter.observe_duration(0.02)
    meter.flush()
    lines = printed(capsys)
    assert sum(len(line[DURATION]) for line in lines) == values
    assert {(line["service"], line["stage"]) for line in lines} == {("smartqueue", "dev")}
    assert cache.commands[0] == ("metrics:histogram:job_processing_duration_seconds", "0.025", values)
    assert cache.commands[1][2] == pytest.approx(0.02 * values)


@pytest.mark.parametrize(
    ("seconds", "bucket"), [(0, "0.01"), (0.01, "0.01"), (0.011, "0.025"), (60, "60.0"), (60.1, "+Inf")]
)
def test_a_duration_falls_into_the_first_bucket_that_holds_it(
    seconds: float, bucket: str, capsys: pytest.CaptureFixture[str]
) -> None:
    cache = Cache()
    meter = Meter(cache)  # type: ignore[arg-type]
    meter.observe_duration(seconds)
    meter.flush()
    assert cache.commands[0][1] == bucket
    assert list(DURATION_BUCKETS_SECONDS) == sorted(DURATION_BUCKETS_SECONDS)


def test_most_gauges_go_to_cloudwatch_only(capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache()
    meter = Meter(cache)  # type: ignore[arg-type]
    meter.set_gauge(Gauge.DLQ_SIZE, 0)
    meter.flush()
    [line] = printed(capsys)
    assert line["dlq_size"] == [0.0]
    assert cache.executed == 0


def test_a_gauge_that_is_costly_to_measure_is_kept_for_whoever_asks(capsys: pytest.CaptureFixture[str]) -> None:
    cache = Cache()
    meter = Meter(cache)  # type: ignore[arg-type]
    meter.set_gauge(Gauge.JOBS_UNACCOUNTED, 2)
    meter.flush()
    meter.flush()
    assert [line["jobs_unaccounted"] for line in printed(capsys)] == [[2.0]]
    assert (cache.commands, cache.executed) == ([("metrics:gauges", "jobs_unaccounted", "2")], 1)


def test_a_cache_that_is_away_costs_nothing_but_the_shared_numbers(capsys: pytest.CaptureFixture[str]) -> None:
    flush(Cache(redis.ConnectionError("away")), JOBS_CREATED=1)
    assert printed(capsys)[0]["jobs_created_total"] == [1.0]


def test_an_invocation_that_fails_still_flushes(capsys: pytest.CaptureFixture[str]) -> None:
    def invoke() -> None:
        with metered(None) as meter:
            meter.count(Counter.JOBS_COMPLETED)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        invoke()
    assert printed(capsys)[0]["jobs_completed_total"] == [1.0]


def test_the_original_names_are_kept() -> None:
    assert [counter.value for counter in Counter][:8] == [
        "jobs_created_total",
        "jobs_completed_total",
        "jobs_failed_total",
        "jobs_retried_total",
        "jobs_sent_to_dlq_total",
        "jobs_replayed_total",
        "classification_cache_hits_total",
        "classification_cache_misses_total",
    ]
    assert {"active_jobs_count", "dlq_size"} <= {gauge.value for gauge in Gauge}
    assert DURATION == "job_processing_duration_seconds"
