"""The saved queries ask for fields and messages that log lines really have."""

import re
from typing import Any

import pytest

from infra.cdk.components.saved_queries import QUERIES, Query
from tests.integration.harness import Plane, msk_event
from tests.integration.invocations import api_event
from tests.integration.processes import Workers
from tests.integration.topics import FakeRecord

OPERATORS = {
    *("fields", "filter", "stats", "sort", "limit", "as", "by", "asc", "desc"),
    *("count", "count_distinct", "max", "avg", "pct", "ispresent", "bin", "m"),
}


@pytest.fixture
def lines(plane: Plane, workers: Workers) -> list[dict[str, Any]]:
    """What submit, process and relay write about a job that fails and a record that nobody can read."""
    headers = {"content-type": "application/json", "authorization": f"Bearer {plane.admin()}"}
    doomed = {
        "title": "doomed",
        "type": "simulate",
        "payload": {"failTimes": 1, "durationSeconds": 0.01},
        "retry": {"count": 0},
    }
    submit = workers.start("submit", api_event("POST", "/jobs", doomed, headers=headers))
    assert submit.wait() == 0, submit.output
    process = workers.start("process", msk_event([*plane.records(), FakeRecord(value=b"no")]))
    assert process.wait() == 0, process.output
    return [*submit.lines, *process.lines]


def test_every_field_and_message_is_in_some_line(lines: list[dict[str, Any]]) -> None:
    written = {field for line in lines for field in line}
    messages = {line.get("message") for line in lines}
    for query in QUERIES:
        asked = _fields(query)
        assert asked, query.name
        assert asked <= written, query.name
        wanted = re.findall(r'message = "([^"]+)"', query.text)
        assert set(wanted) <= messages, query.name
        assert len(wanted) == query.text.count("message = "), query.name


def _fields(query: Query) -> set[str]:
    code = re.sub(r'"[^"]*"|#.*|@\w+', "", query.text)
    made = set(re.findall(r"\bas (\w+)", code))
    return set(re.findall(r"[a-z][a-z_]*[a-z]", code)) - OPERATORS - made
