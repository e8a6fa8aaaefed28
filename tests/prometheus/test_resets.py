"""A cache that comes back empty: the counters begin anew, and Prometheus counts on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from smartqueue.metrics import COUNTERS_KEY, HISTOGRAM_KEY
from tests.e2e.client import Caller, Tenant
from tests.e2e.waiting import wait_until
from tests.prometheus.server import is_same

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.prometheus.conftest import World

COMPLETED = 'jobs_completed_total{stage="local"}'


@contextmanager
def emptied(world: World) -> Iterator[None]:
    """Take the counters out of the cache, and put them back as they were."""
    with world.cloud.cache() as cache:
        saved = {key: cache.hgetall(key) for key in (COUNTERS_KEY, HISTOGRAM_KEY)}
        cache.delete(*saved)
        try:
            yield
        finally:
            cache.delete(*saved)
            for key, numbers in saved.items():
                cache.hset(key, mapping=numbers)


def test_increases_are_right_across_a_reset(world: World) -> None:
    before = world.story.numbers["jobs_completed_total"]
    with emptied(world):
        wait_until(lambda: _completed(world) == 0, "a scrape of an empty cache")
        tenant = Tenant.found(Caller(world.http))
        for _ in range(2):
            job = tenant.admin.submit(type="simulate", payload={"durationSeconds": 0})
            tenant.admin.wait_for(job["jobId"], "COMPLETED", classified=True)
        wait_until(lambda: _completed(world) == 2, "a scrape that has seen both jobs")
        [seen] = world.server.query(f"timestamp({COMPLETED})")
    # At the moment of a scrape, and with the first one at zero, there is nothing to extrapolate.
    [counted] = world.server.query(f"increase({COMPLETED}[15m])", at=seen.value)
    assert is_same(counted.value, before + 2)


def _completed(world: World) -> float | None:
    found = world.server.query(COMPLETED)
    return found[0].value if found else None
