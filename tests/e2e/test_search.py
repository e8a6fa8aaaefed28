"""One search for a correlation id in the logs shows the whole journey, over every function."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localstack.logs import LogReader
from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from localstack.logs import Line
    from tests.e2e.cloud import LocalCloud
    from tests.e2e.journey import Journey

# All that a journey meets. The authorizer is not among them: API Gateway gives it nothing of a request but the token.
FUNCTIONS = {"submit", "classify", "process", "relay", "query", "replay"}
# The emulator shows what an invocation logged once it has ended, and the relay's lasts for a minute.
RELAY_SECONDS = 90


def test_every_function_logs_the_id(journey: Journey, cloud: LocalCloud) -> None:
    def look() -> list[Line] | None:
        lines = LogReader(cloud.endpoints.aws).read(journey.correlation_id)
        return lines if {line.function for line in lines} >= FUNCTIONS else None

    lines = wait_until(look, f"lines of each of {sorted(FUNCTIONS)}", seconds=RELAY_SECONDS, pause=0.5)

    assert {line.function for line in lines} == FUNCTIONS
    about_the_job = [line for line in lines if "job_id" in line.details]
    assert {line.function for line in about_the_job} == FUNCTIONS - {"query"}
    for line in about_the_job:
        assert line.correlation_id == journey.correlation_id
        assert line.details["job_id"] == journey.job_id
        assert line.details["tenant_id"] == journey.tenant_id


def test_the_command_line_finds_it_in_order(journey: Journey, cloud: LocalCloud) -> None:
    words = cloud.run("logs", journey.correlation_id)

    told = [
        "job created",
        "attempt failed, will be retried",
        "job failed, sent to the dead-letter topic",
        "job replayed",
        "job completed",
    ]
    places = [words.find(sentence) for sentence in told]
    assert -1 not in places
    assert places == sorted(places)
