"""How fast the process function gets through no-op jobs: its whole handler, fed with MSK-shaped batches."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack

import psutil

from bench.environment import BenchError, Environment, Runs, span_seconds, start_together
from bench.events import Events
from bench.figures import Figure, Target
from bench.lab import BenchLab
from bench.tenants import Tenant, found_tenants
from tests.fakes.counting_proxy import CountingProxy

ROUNDS = 3
TENANTS = 20
# Batch size: batches of a run, in the long form and in the quick one.
SIZES = {1: (150, 5), 10: (50, 3), 100: (20, 2), 1000: (3, 1)}
PROCESSES = 2
BATCHES_OF_EACH = {False: 40, True: 2}
SIZE = 100
WARM_UP = 3
COUNTED = (1, 1000)


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Measure one process with every batch size, then two at batch 100, with many tenants and with one."""
    figures: list[Figure] = []
    with lab.start("submit") as submit:
        events = Events(lab, submit)
        tenants = found_tenants(lab, TENANTS, word="drain")
        with lab.start("process") as process:
            process.run(events.batches(tenants, WARM_UP, SIZE))
            for size, counts in SIZES.items():
                batches = counts[quick]
                runs = [process.run(events.batches(tenants, batches, size)) for _ in range(ROUNDS)]
                figures += _of_size(size, runs)
                lab.empty()
        figures += [_round_trips(lab, events, tenants, size) for size in COUNTED]
        many = [_together(lab, events, tenants, BATCHES_OF_EACH[quick]) for _ in range(ROUNDS)]
        one = [_together(lab, events, tenants[:1], BATCHES_OF_EACH[quick]) for _ in range(ROUNDS)]
    lab.empty()
    figures += [
        Figure(
            key="drain.jobs-per-second",
            what=f"{PROCESSES} processes, batches of {SIZE}, {TENANTS} tenants",
            unit="jobs per second",
            runs=tuple(rate for rate, _ in many),
        ),
        Figure(
            key="drain.one-tenant.jobs-per-second",
            what=f"{PROCESSES} processes, batches of {SIZE}, one tenant",
            unit="jobs per second",
            runs=tuple(rate for rate, _ in one),
        ),
        Figure(
            key="database.ms-per-job",
            what="CPU of Postgres per job: claim, move, outbox delete",
            unit="ms",
            runs=tuple(cpu for _, cpu in many),
        ),
    ]
    return figures


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """Compare round trips of small and big batches; the ratios to the peers are the peers' section's."""
    few, many = (figures.get(f"drain.batch-{size}.round-trips") for size in COUNTED)
    yield Target(
        name="drain: round trips of a batch of 1000 / of 1",
        wanted=1.0,
        sense="exactly",
        measured=many.value / few.value if few and many else None,
    )


def _of_size(size: int, runs: Sequence[Runs]) -> list[Figure]:
    def figure(key: str, what: str, unit: str, value: Callable[[Runs], float]) -> Figure:
        return Figure(
            key=f"drain.batch-{size}.{key}",
            what=f"one process, batches of {size}: {what}",
            unit=unit,
            runs=tuple(map(value, runs)),
        )

    return [
        figure("jobs-per-second", "jobs", "jobs per second", lambda r: size * len(r.seconds) / r.wall_seconds),
        figure("cpu-ms-per-job", "CPU of the function per job", "ms", lambda r: _cpu(r) / size),
        figure("wall-ms-per-batch", "a batch", "ms", lambda r: 1e3 * r.wall_seconds / len(r.seconds)),
    ]


def _cpu(runs: Runs) -> float:
    return 1e3 * runs.cpu_seconds / len(runs.seconds)


def _together(lab: BenchLab, events: Events, tenants: Sequence[Tenant], batches: int) -> tuple[float, float]:
    """Return jobs per second of two processes, and the milliseconds of CPU that Postgres took for each job."""
    with ExitStack() as stack:
        environments: list[Environment] = [stack.enter_context(lab.start("process")) for _ in range(PROCESSES)]
        for environment in environments:
            environment.run(events.batches(tenants, WARM_UP, SIZE))
        work = [(environment, events.batches(tenants, batches, SIZE)) for environment in environments]
        lab.rows("CHECKPOINT")
        before = _postgres_cpu(lab)
        runs = start_together(work)
        cpu = _postgres_cpu(lab) - before
    jobs = PROCESSES * batches * SIZE
    done = lab.rows("SELECT count(*) AS n FROM jobs WHERE status = 'COMPLETED'")[0]["n"]
    if done < jobs:
        raise BenchError(f"only {done} of {jobs} jobs were done")
    lab.empty()
    return jobs / span_seconds(runs), 1e3 * cpu / jobs


def _postgres_cpu(lab: BenchLab) -> float:
    if lab.postgres.pid is None:
        raise BenchError("Postgres is not running")
    server = psutil.Process(lab.postgres.pid)
    times = [process.cpu_times() for process in (server, *server.children(recursive=True))]
    return sum(t.user + t.system for t in times)


def _round_trips(lab: BenchLab, events: Events, tenants: Sequence[Tenant], size: int) -> Figure:
    """Count on the wire, through proxies that make everything slow: only for counting."""
    with CountingProxy(lab.postgres.port) as database, CountingProxy(lab.valkey.port) as cache:
        changes = {
            "DATABASE_PORT": str(database.port),
            "CACHE_PORT": str(cache.port),
            "LEASE_SECONDS": "1200",
            "HEARTBEAT_SECONDS": "600",
        }
        with lab.start("process", **changes) as process:
            process.run(events.batches(tenants, 1, 1))
            counts = []
            for _ in range(ROUNDS):
                batch = events.batches(tenants, 1, size)
                before = database.round_trips + cache.round_trips
                process.run(batch)
                counts.append(float(database.round_trips + cache.round_trips - before))
    return Figure(
        key=f"drain.batch-{size}.round-trips",
        what=f"round trips to Postgres and Valkey for a batch of {size}",
        unit="round trips",
        runs=tuple(counts),
    )
