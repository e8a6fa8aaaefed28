"""The Grafana board: every line of every panel gives the number that the jobs imply."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.prometheus.board import queries
from tests.prometheus.conftest import STAGES
from tests.prometheus.expected import PANELS
from tests.prometheus.server import is_same
from tests.prometheus.story import HANDLER_SECONDS

if TYPE_CHECKING:
    from tests.prometheus.conftest import World

QUERIES = {stage: {str(query): query.expression for query in queries(stage)} for stage in STAGES}


def shown(world: World, line: str, *, stage: str = "local") -> float | None:
    """What a line of a panel shows for a stage."""
    return world.value(QUERIES[stage][line], stage=stage)


def test_every_line_has_an_expectation_and_every_expectation_a_line() -> None:
    assert len(QUERIES["local"]) == len(queries("local")), "two lines of one name"
    assert QUERIES["local"].keys() == PANELS.keys()


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("line", PANELS)
def test_a_line_says_what_the_samples_say(line: str, stage: str, world: World) -> None:
    assert is_same(shown(world, line, stage=stage), PANELS[line](world.readings(stage)))


def test_a_stage_sees_its_own_numbers_only(world: World) -> None:
    assert not [query for query in queries("nowhere") if world.server.query(query.expression, at=world.at)]


def test_totals_and_gauges_are_those_of_the_jobs(world: World) -> None:
    numbers = world.story.numbers
    assert shown(world, "Jobs completed total: completed") == numbers["jobs_completed_total"]
    assert shown(world, "Active jobs: active") == numbers["active_jobs_count"]
    assert shown(world, "DLQ size: dead letters") == numbers["dlq_size"]
    assert shown(world, "Outbox backlog: messages") == 0
    assert shown(world, "Queue age: oldest due job") == 0
    assert shown(world, "Up: up") == 1


def test_percentages_are_those_of_the_jobs(world: World) -> None:
    numbers = world.story.numbers
    failed, completed = numbers["jobs_failed_total"], numbers["jobs_completed_total"]
    assert shown(world, "Failure rate %: failed") == pytest.approx(100 * failed / (failed + completed))
    hits, misses = (numbers[f"classification_cache_{kind}_total"] for kind in ("hits", "misses"))
    assert shown(world, "Cache hit rate %: known already") == pytest.approx(100 * hits / (hits + misses))


def test_the_slow_handlers_are_in_the_upper_percentiles(world: World) -> None:
    median = shown(world, "Processing latency p95 and p50: p50")
    p95 = shown(world, "Processing latency p95 and p50: p95")
    assert median is not None
    assert p95 is not None
    # Most of the attempts take no time at all; the slow ones lie between the bounds 0.25 and 0.5.
    assert median < HANDLER_SECONDS < 2 * p95


def test_the_age_of_the_oldest_dead_letter_is_its_own(world: World) -> None:
    seen = world.readings("local").taken_at("oldest_dead_letter_age_seconds")
    # The database looks while the scrape is under way.
    assert shown(world, "DLQ age: oldest dead letter") == pytest.approx(seen - world.story.dead_since, abs=1.5)
