"""What Prometheus has scraped is what was done, job by job."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.prometheus.conftest import World


def test_every_number_is_the_jobs(world: World) -> None:
    seen = world.readings("local")
    assert {name: seen.value(name) for name in world.story.numbers} == world.story.numbers


def test_the_counters_rose_before_prometheus_eyes(world: World) -> None:
    seen = world.readings("local")
    counters = {name: number for name, number in world.story.numbers.items() if name.endswith(("_total", "_count"))}
    counters.pop("active_jobs_count")
    assert {name: seen.risen(name) for name in counters} == counters


def test_events_that_came_twice_were_told(world: World) -> None:
    assert world.readings("local").risen("duplicate_events_total") >= world.story.duplicates > 0
