"""Metric lines into data points."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localstack.emf.parse import Datum, parse


def line(**changes: Any) -> str:
    blob = {
        "_aws": {
            "Timestamp": 1_700_000_000_500,
            "CloudWatchMetrics": [
                {
                    "Namespace": "SmartTaskQueue",
                    "Dimensions": [["service"]],
                    "Metrics": [{"Name": "jobs_created_total", "Unit": "Count"}],
                }
            ],
        },
        "service": "smartqueue",
        "jobs_created_total": [1.0, 1.0, 3.0],
    }
    return json.dumps(blob | changes)


def test_a_list_is_one_datum_with_counts() -> None:
    (datum,) = parse(line())

    assert datum == Datum(
        namespace="SmartTaskQueue",
        name="jobs_created_total",
        unit="Count",
        dimensions=(("service", "smartqueue"),),
        timestamp_seconds=1_700_000_000.5,
        values=(1.0, 1.0, 3.0),
    )
    assert datum.counted() == ([1.0, 3.0], [2.0, 1.0])


def test_one_datum_for_each_set_of_dimensions() -> None:
    directive = {
        "Namespace": "N",
        "Dimensions": [["service"], ["service", "source"], []],
        "Metrics": [{"Name": "m"}],
    }
    data = parse(line(_aws={"Timestamp": 1, "CloudWatchMetrics": [directive]}, source="MODEL", m=2))

    assert [datum.dimensions for datum in data] == [
        (("service", "smartqueue"),),
        (("service", "smartqueue"), ("source", "MODEL")),
        (),
    ]
    assert {datum.unit for datum in data} == {"None"}


@pytest.mark.parametrize("value", [None, "text", [], True, {"a": 1}, ["text"]])
def test_a_metric_without_a_number_is_left_out(value: object) -> None:
    assert parse(line(jobs_created_total=value)) == []


@pytest.mark.parametrize(
    "text",
    ["", "plain", '{"level": "INFO"}', 'broken {"_aws": "CloudWatchMetrics"', '{"_aws": {"CloudWatchMetrics": 1}}'],
)
def test_other_lines_are_not_metrics(text: str) -> None:
    assert parse(text) == []
