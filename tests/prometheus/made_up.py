"""Histories of stages that do not exist, where every metric has a number that no other metric has.

On a real stage several numbers are the same by chance, and then a query for the wrong one would go unnoticed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx2
from botocore.session import Session

from functions.export.messages import Series, encode
from functions.export.remote_write import RemoteWriter
from functions.export.scrape import read
from functions.metrics.exposition import render
from smartqueue.metrics import DURATION_BUCKETS_SECONDS, Counter, Gauge
from smartqueue.store.attempts import Gauges

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP_SECONDS = 20
STEPS = 14


def busy(step: int) -> str:
    """GET /metrics of a stage where everything grows at a pace of its own, and too much waits."""
    counters = {name.value: str(1000 * place + (place + 3) * step) for place, name in enumerate(Counter, 1)}
    bounds = (*map(str, DURATION_BUCKETS_SECONDS), "+Inf")
    histogram = {bound: str(5 + (2 + place % 4) * step) for place, bound in enumerate(bounds)}
    gauges = Gauges(
        active_jobs=71 + step,
        dead_jobs=41 + step,
        outbox_backlog=1501 + step,
        oldest_pending_seconds=402.5 + step,
        oldest_dead_seconds=90_003.25 + step,
    )
    measured: dict[str, str] = {Gauge.JOBS_UNACCOUNTED: str(17 + step), Gauge.AUDIT_PROBLEMS: str(29 + step)}
    return render(counters, histogram | {"sum": str(10 + 7.5 * step)}, gauges, measured)


def still(step: int) -> str:
    """GET /metrics of a stage where jobs are due and nothing happens any more."""
    gauges = Gauges(active_jobs=5, dead_jobs=0, outbox_backlog=5, oldest_pending_seconds=100.0, oldest_dead_seconds=0.0)
    counters = {name.value: str(100 * place) for place, name in enumerate(Counter, 1)}
    measured: dict[str, str] = {Gauge.JOBS_UNACCOUNTED: "0", Gauge.AUDIT_PROBLEMS: "0"}
    return render(counters, {"0.5": "30", "sum": "12"}, gauges, measured)


def write(url: str) -> None:
    """Let a receiver believe that the two stages were watched for the last minutes; "still" cannot be reached."""
    session = Session()
    session.set_config_variable("region", "us-east-1")
    session.set_credentials("nobody", "checks")
    writer, now = RemoteWriter(url, session), time.time()
    with httpx2.Client() as client:
        for step in range(STEPS):
            series = [*_seen("busy", busy(step), up=1), *_seen("still", still(step), up=0)]
            writer.write(client, encode(series, timestamp=now - STEP_SECONDS * (STEPS - 1 - step)))


def _seen(stage: str, text: str, *, up: float) -> Iterator[Series]:
    labels = {"job": "smartqueue", "stage": stage}
    yield from read(text, labels)
    yield Series(name="up", labels=labels, value=up)
    yield Series(name="scrape_duration_seconds", labels=labels, value=0.125)
