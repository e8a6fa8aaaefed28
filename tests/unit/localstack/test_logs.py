"""Log events as readable lines."""

from __future__ import annotations

import json

from localstack.logs import parse


def test_a_json_line_shows_what_matters() -> None:
    entry = {
        "level": "INFO",
        "message": "job created",
        "correlation_id": "c-1",
        "service": "submit",
        "cold_start": True,
        "job_id": "j-1",
        "reason": "two words",
    }
    line = parse("submit", 0, json.dumps(entry) + "\n")

    assert line is not None
    assert line.text()[13:] == 'submit     INFO    job created c-1 job_id=j-1 reason="two words"'


def test_other_lines_are_shown_as_they_are() -> None:
    line = parse("submit", 0, "Traceback (most recent call last):")

    assert line is not None
    assert line.message == "Traceback (most recent call last):"


def test_metric_and_platform_lines_are_left_out() -> None:
    for text in (
        "START RequestId: 1",
        "END RequestId: 1",
        "REPORT RequestId: 1",
        "",
        '{"_aws":{"CloudWatchMetrics":[]}}',
    ):
        assert parse("submit", 0, text) is None
