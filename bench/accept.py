"""How long a POST /jobs takes inside the submit function: its whole handler, called as Lambda calls it."""

import math
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from bench.environment import Runs, span_seconds, start_together
from bench.figures import Figure, Target, percentile
from bench.floors import Floors
from bench.lab import BenchLab
from bench.requests import JOBS_IN_BATCH, batch, checked, single
from bench.tenants import Tenant, found_tenants

ROUNDS = 3
WARM_UP = 50
SINGLES = {False: 400, True: 20}
BATCHES = {False: 30, True: 3}
ENVIRONMENTS = 2
LEAST_OF_FLOOR = 0.6
MOST_P99_OF_P50 = 4.0
LEAST_GAIN_OF_BATCH = 5.0


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Measure floor and handler in turn, so that both see the same machine; then several environments; then batches."""
    tenants = found_tenants(lab, ENVIRONMENTS, word="accept")
    singles = [single(tenants[0])] * SINGLES[quick]
    batches = [batch(tenants[0])] * BATCHES[quick]
    floor: list[float] = []
    alone: list[Runs] = []
    in_batches: list[Runs] = []
    with Floors(lab) as floors, lab.start("submit") as submit:
        submit.run(singles[:WARM_UP])
        submit.run(batches[:2])
        for _ in range(ROUNDS):
            floor.append(measure_floor(floors, SINGLES[quick]))
            alone.append(checked(submit.run(singles)))
            in_batches.append(checked(submit.run(batches)))
            lab.empty()
    together = [_several(lab, tenants, SINGLES[quick]) for _ in range(ROUNDS)]
    lab.empty()
    return [
        _figure("floor-ms", "floor: statement, produce and delete, one after another", "ms", floor),
        _figure("p50-ms", "POST /jobs, p50", "ms", [1e3 * statistics.median(r.seconds) for r in alone]),
        _figure("p95-ms", "POST /jobs, p95", "ms", [1e3 * percentile(r.seconds, 95) for r in alone]),
        _figure("p99-ms", "POST /jobs, p99", "ms", [1e3 * percentile(r.seconds, 99) for r in alone]),
        _figure("jobs-per-second", "POST /jobs, one environment", "jobs per second", [_rate(r) for r in alone]),
        _figure("cpu-ms-per-job", "POST /jobs, CPU of the function", "ms", [_cpu(r, 1) for r in alone]),
        _figure(
            "several.jobs-per-second", f"POST /jobs, {ENVIRONMENTS} environments at once", "jobs per second", together
        ),
        _figure(
            "batch-100.p50-ms",
            "POST /jobs/batch of 100, p50",
            "ms",
            [1e3 * statistics.median(r.seconds) for r in in_batches],
        ),
        _figure(
            "batch-100.jobs-per-second",
            "POST /jobs/batch of 100, one environment",
            "jobs per second",
            [JOBS_IN_BATCH * _rate(r) for r in in_batches],
        ),
        _figure(
            "batch-100.cpu-ms-per-job",
            "POST /jobs/batch of 100, CPU of the function per job",
            "ms",
            [_cpu(r, JOBS_IN_BATCH) for r in in_batches],
        ),
    ]


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """Compare the handler with its floor, its p99 with its p50, and the batch endpoint with the single one."""

    def ratio(above: str, below: str) -> float | None:
        one, other = figures.get(f"accept.{above}"), figures.get(f"accept.{below}")
        return one.value / other.value if one and other else None

    yield Target(
        name="accept: floor / handler",
        wanted=LEAST_OF_FLOOR,
        sense="at least",
        measured=ratio("floor-ms", "p50-ms"),
        in_brief=True,
    )
    yield Target(name="accept: p99 / p50", wanted=MOST_P99_OF_P50, sense="at most", measured=ratio("p99-ms", "p50-ms"))
    yield Target(
        name="accept: batch endpoint / single one, jobs per second",
        wanted=LEAST_GAIN_OF_BATCH,
        sense="at least",
        measured=ratio("batch-100.jobs-per-second", "jobs-per-second"),
    )


def measure_floor(floors: Floors, times: int) -> float:
    """Return the floor in ms: the medians of its three waits, added up."""
    waits: list[tuple[float, float, float]] = []
    for _ in range(times):
        outbox_id, insert = _timed(floors.insert_job)
        _, produce = _timed(floors.produce)
        _, delete = _timed(lambda outbox_id=outbox_id: floors.delete_message(outbox_id))  # type: ignore[misc]
        waits.append((insert, produce, delete))
    return 1e3 * math.fsum(statistics.median(wait) for wait in zip(*waits, strict=True))


def _several(lab: BenchLab, tenants: Sequence[Tenant], times: int) -> float:
    with lab.start("submit") as one, lab.start("submit") as other:
        pairs = list(zip((one, other), tenants, strict=True))
        for environment, tenant in pairs:
            environment.run([single(tenant)] * WARM_UP)
        runs = start_together([(environment, [single(tenant)] * times) for environment, tenant in pairs])
    return sum(len(checked(r).seconds) for r in runs) / span_seconds(runs)


def _timed[T](action: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    result = action()
    return result, time.perf_counter() - started


def _rate(runs: Runs) -> float:
    return len(runs.seconds) / runs.wall_seconds


def _cpu(runs: Runs, jobs: int) -> float:
    return 1e3 * runs.cpu_seconds / (len(runs.seconds) * jobs)


def _figure(key: str, what: str, unit: str, runs: Sequence[float]) -> Figure:
    return Figure(key=f"accept.{key}", what=what, unit=unit, runs=tuple(runs))
