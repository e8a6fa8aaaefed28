"""One peer, installed, with a broker of its own: what is measured of it becomes figures here."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Self

from bench.figures import LEAST_RUNS, Figure
from bench.lab import BenchLab
from bench.peers.catalogue import Peer
from bench.peers.processes import Programs
from bench.peers.programs.enqueue import JOBS_IN_CALL
from bench.peers.rates import Rates, Sizes, measure_rates
from bench.peers.sigkill import Crash

PACED_JOBS = 60
RATE = "jobs per second"
QUICK = Sizes(singles=100, bulk=400, paced=20)


class Trial:
    """A context manager: the peer's tables exist while it is entered. quick: few jobs, measured once."""

    def __init__(self, lab: BenchLab, peer: Peer, *, quick: bool) -> None:
        self._peer = peer
        self._folder = lab.folder / "peers" / peer.name
        self._broker = peer.keeps.of(lab, peer.name)
        variables = {name: value.format(broker=self._broker.url) for name, value in peer.variables.items()}
        variables["BENCH_BROKER"] = self._broker.url
        self._programs = Programs(venv=peer.venv, variables=variables, folder=self._folder)
        self._sizes = _quick_sizes(peer) if quick else Sizes(singles=peer.singles, bulk=peer.bulk, paced=PACED_JOBS)
        self._runs = 1 if quick else LEAST_RUNS

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True)
        with ExitStack() as stack:
            stack.callback(self._broker.drop)
            self._broker.create()
            for command in self._peer.install:
                self._programs.run(*command)
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._broker.drop()

    def rates(self) -> list[Figure]:
        """Measure enqueue, drain and latency, each several times. Raises BenchError."""
        runs = [
            measure_rates(self._peer, self._programs, self._broker, self._folder / f"run-{number}", self._sizes)
            for number in range(self._runs)
        ]

        def figure(key: str, what: str, unit: str, value: Callable[[Rates], float]) -> Figure:
            return self._figure(key, what, unit, tuple(map(value, runs)))

        figures = [
            figure(
                "enqueue-per-second", "enqueued by one process, a call each", "jobs per second", lambda r: r.enqueue
            ),
            figure("drain-per-second", "drained", "jobs per second", lambda r: r.drain),
            figure("latency-p50-ms", "20 jobs a second in the idle system, enqueue to run, p50", "ms", lambda r: r.p50),
            figure("latency-p95-ms", "20 jobs a second in the idle system, enqueue to run, p95", "ms", lambda r: r.p95),
        ]
        if self._sizes.bulk:
            what = f"enqueued by one process, {JOBS_IN_CALL} a call"
            figures.insert(1, figure("enqueue-bulk-per-second", what, RATE, lambda r: r.bulk))
        return figures

    def crash(self, workers: ExitStack) -> Crash:
        """Kill the workers in the middle of a drain and start them again; `workers` ends them. Raises BenchError."""
        crash = Crash(self._peer, self._programs, self._broker, self._folder / "sigkill")
        crash.happen(self._sizes, workers)
        return crash

    def crash_figures(self, crash: Crash) -> list[Figure]:
        """Return what a crash cost that is no longer waited for."""
        cost = crash.cost
        context = {
            "one run": "most of what it takes is waiting until the killed workers are believed to be dead",
            "jobs": cost.jobs,
            "done": cost.done,
        }

        def figure(key: str, what: str, unit: str, value: float) -> Figure:
            return self._figure(f"sigkill-{key}", f"SIGKILL of all workers: {what}", unit, (value,), **context)

        took = "until all was done" if cost.done else "and NOT all was done: more than"
        return [
            figure("lost", f"of {cost.jobs} jobs, lost", "jobs", cost.lost),
            figure("twice", f"of {cost.jobs} jobs, run twice", "jobs", cost.twice),
            figure("waiting", f"of {cost.jobs} jobs, still with the broker when waiting ended", "jobs", cost.waiting),
            figure("seconds", f"workers restarted at once; {took}", "s", cost.seconds),
        ]

    def _figure(self, key: str, what: str, unit: str, runs: Sequence[float], **context: object) -> Figure:
        return Figure(
            key=f"peers.{self._peer.name}.{key}",
            what=f"{self._peer.title}: {what}",
            unit=unit,
            runs=tuple(runs),
            context={**self._peer.settings, **context},
        )


def _quick_sizes(peer: Peer) -> Sizes:
    return QUICK if peer.bulk else Sizes(singles=QUICK.singles + QUICK.bulk, bulk=0, paced=QUICK.paced)
