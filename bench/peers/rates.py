"""One measurement of one peer: enqueue, drain, and then the latency of single jobs in the idle system."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.environment import BenchError
from bench.figures import percentile
from bench.peers.brokers import Broker
from bench.peers.catalogue import Peer
from bench.peers.processes import Programs, Workers
from bench.peers.trace import Trace

DRAIN_TIMEOUT_SECONDS = 60
LATENCY_TIMEOUT_SECONDS = 15
POLL_SECONDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How many jobs: with one call each, with calls for many, and paced in the idle system."""

    singles: int
    bulk: int
    paced: int


@dataclass(frozen=True, kw_only=True)
class Rates:
    """What was measured. enqueue, bulk, drain: jobs per second (bulk 0 without a call for many); p50, p95: in ms."""

    enqueue: float
    bulk: float
    drain: float
    p50: float
    p95: float


def measure_rates(peer: Peer, programs: Programs, broker: Broker, folder: Path, sizes: Sizes) -> Rates:
    """Measure once, in `folder`, which must be new. Raises BenchError."""
    trace = Trace(folder)
    folder.mkdir(parents=True)
    broker.clear()
    singles = programs.enqueue("singles", first=0, count=sizes.singles, trace=folder)
    bulk = programs.enqueue("bulk", first=sizes.singles, count=sizes.bulk, trace=folder) if sizes.bulk else None
    broker.settle()
    jobs = sizes.singles + sizes.bulk
    with programs.workers(peer.workers, trace=folder) as workers:
        drain = _drain(broker, workers, trace, jobs)
        latencies = _latencies(programs, workers, trace, jobs, sizes.paced)
    return Rates(
        enqueue=sizes.singles / singles["seconds"],
        bulk=sizes.bulk / bulk["seconds"] if bulk else 0.0,
        drain=drain,
        p50=statistics.median(latencies),
        p95=percentile(latencies, 95),
    )


def wait_until(condition: Callable[[], bool], workers: Workers, seconds: float) -> None:
    """Poll. Raises BenchError when it takes too long, or when a worker ends."""
    deadline = time.monotonic() + seconds
    while not condition():
        workers.check()
        if time.monotonic() > deadline:
            raise BenchError(f"jobs had not run after {seconds:.0f} seconds: {workers.last_words()}")
        time.sleep(POLL_SECONDS)


def _drain(broker: Broker, workers: Workers, trace: Trace, jobs: int) -> float:
    """Return jobs per second, from when every process had begun until the broker knew that all was done."""
    wait_until(lambda: trace.count() >= jobs, workers, DRAIN_TIMEOUT_SECONDS)
    wait_until(lambda: not broker.unfinished(), workers, DRAIN_TIMEOUT_SECONDS)
    ended = time.monotonic_ns()
    processes = trace.processes()
    # Starting an interpreter is not draining; while only some have started, neither is that.
    began = max(runs[0][1] for runs in processes)
    drained = sum(moment > began for runs in processes for _, moment in runs)
    return drained / ((ended - began) / 1e9)


def _latencies(programs: Programs, workers: Workers, trace: Trace, first: int, count: int) -> list[float]:
    """Return the milliseconds from the call that enqueued each job to its having run."""
    took = programs.enqueue("paced", first=first, count=count, trace=trace.folder)
    began = {int(number): int(moment) for number, moment in took["began"].items()}
    wait_until(lambda: trace.moments().keys() >= began.keys(), workers, LATENCY_TIMEOUT_SECONDS)
    moments = trace.moments()
    return [(moments[number] - moment) / 1e6 for number, moment in began.items()]
