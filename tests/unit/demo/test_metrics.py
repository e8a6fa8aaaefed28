"""Reading Prometheus text, comparing two readings, and quantiles of a histogram."""

import math

import pytest

from localstack.demo.metrics import Snapshot, compare, grown_buckets, quantile, read

TEXT = """
# TYPE jobs_created_total counter
jobs_created_total 22.0
# TYPE dlq_size gauge
dlq_size 3.0
# TYPE job_processing_duration_seconds histogram
job_processing_duration_seconds_bucket{le="0.1"} 4.0
job_processing_duration_seconds_bucket{le="1.0"} 9.0
job_processing_duration_seconds_bucket{le="+Inf"} 10.0
job_processing_duration_seconds_count 10.0
job_processing_duration_seconds_sum 7.5
"""


def test_counters_gauges_and_buckets_are_read() -> None:
    numbers = read(TEXT)

    assert numbers.values["jobs_created_total"] == 22
    assert numbers.values["dlq_size"] == 3
    assert numbers.buckets == ((0.1, 4), (1.0, 9), (math.inf, 10))


def test_growth_is_compared_with_what_was_expected() -> None:
    before = Snapshot({"a_total": 5, "b_total": 5, "c_total": 5})
    after = Snapshot({"a_total": 8, "b_total": 9, "c_total": 6, "d_total": 1})

    rows = compare(before, after, {"a_total": 3, "b_total": 3, "c_total": 3, "d_total": 1})

    assert [row.grown for row in rows] == [3, 4, 1, 1]
    assert [row.verdict for row in rows] == ["ok", "ok, others work here too", "too few", "ok"]


def test_buckets_grow_between_two_readings() -> None:
    before = Snapshot({}, ((0.1, 3), (math.inf, 3)))

    assert grown_buckets(before, Snapshot({}, ((0.1, 5), (math.inf, 9)))) == [(0.1, 2), (math.inf, 6)]
    assert grown_buckets(Snapshot(), before) == [(0.1, 3), (math.inf, 3)]


@pytest.mark.parametrize(
    ("fraction", "buckets", "expected"),
    [
        (0.5, [(1.0, 10), (2.0, 20), (math.inf, 20)], 1.0),
        (0.75, [(1.0, 10), (2.0, 20), (math.inf, 20)], 1.5),
        (0.5, [(1.0, 0), (2.0, 4), (math.inf, 4)], 1.5),
        (0.99, [(1.0, 1), (2.0, 1), (math.inf, 10)], 2.0),
        (0.0, [(1.0, 0), (2.0, 4), (math.inf, 4)], 1.0),
        (0.5, [(1.0, 0), (math.inf, 0)], None),
        (0.5, [], None),
    ],
)
def test_quantiles_are_those_of_prometheus(
    fraction: float, buckets: list[tuple[float, float]], expected: float | None
) -> None:
    assert quantile(fraction, buckets) == expected
