"""The section: load three pasts, look at every plan, measure all three in turn, and see what many lifecycles leave."""

import gc
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from bench.figures import Figure, Target, percentile
from bench.growth.history import History, load_history
from bench.growth.plans import ExplainingDatabase, shape
from bench.growth.reads import READS, Call
from bench.growth.server import LOADING, MEASURING, Server
from bench.growth.sites import Site
from bench.growth.writes import WHAT, write_round
from bench.lab import BenchLab

ROUNDS = 3
MOST_GROWTH = 1.3
EXPLAINED = 4


@dataclass(frozen=True, kw_only=True)
class Scale:
    """How much of everything. pasts: jobs and how many of them are audited; seconds: for one query in one round."""

    pasts: tuple[tuple[int, int], ...]
    seconds: float
    executions: int
    singles: int
    batches: int


USUAL = Scale(
    pasts=((10_000, 10_000), (1_000_000, 1_000_000), (10_000_000, 3_000_000)),
    seconds=0.25,
    executions=250,
    singles=100,
    batches=30,
)
FULL = replace(USUAL, pasts=((10_000, 10_000), (1_000_000, 1_000_000), (10_000_000, 10_000_000)))
QUICK = Scale(pasts=((2_000, 2_000), (4_000, 4_000), (6_000, 3_000)), seconds=0.01, executions=5, singles=2, batches=2)


@dataclass
class Samples:
    """Seconds, by query, size and round."""

    seconds: dict[tuple[str, str, int], list[float]] = field(default_factory=lambda: defaultdict(list))

    def timed(self, label: str, number: int, name: str, call: Callable[[], object]) -> object:
        """Call, and keep how long it took."""
        started = time.perf_counter()
        result = call()
        self.seconds[name, label, number].append(time.perf_counter() - started)
        return result

    def percentiles(self, name: str, label: str, rank: int) -> list[float]:
        """Return a percentile of each round in ms."""
        return [1e3 * percentile(self.seconds[name, label, number], rank) for number in range(ROUNDS)]


def run(lab: BenchLab, *, quick: bool, scale: Scale | None = None) -> list[Figure]:
    """Load and measure; takes some ten gigabytes of disk for the time being."""
    scale = scale or (QUICK if quick else USUAL)
    with Server(lab.folder / "growth") as server, ExitStack() as stack:
        sites, loading = _load(server, scale)
        for site in sites:
            stack.callback(site.close)
        shapes = _explain(sites)
        samples = measure(sites, scale)
        return [*_figures(samples, sites, shapes), loading]


def _load(server: Server, scale: Scale) -> tuple[list[Site], Figure]:
    server.set_up(LOADING)
    sites: list[Site] = []
    seconds: list[float] = []
    tables: dict[str, Any] = {}
    for jobs, audited in scale.pasts:
        started = time.perf_counter()
        site = Site(server=server, name=f"growth_{jobs}", history=History(jobs=jobs, audited=audited))
        server.create(site.name)
        tables[site.label] = load_history(server, site.name, site.history)
        seconds.append(time.perf_counter() - started)
        sites.append(site)
    server.set_up(MEASURING)
    os.sync()
    return sites, Figure(
        key="growth.load-seconds",
        what=f"loading a past of {sites[-1].label} jobs",
        unit="s",
        runs=(seconds[-1],),
        context={"tables": tables, "settings": MEASURING, "pasts": scale.pasts},
    )


def _explain(sites: Sequence[Site]) -> dict[str, dict[str, list[str]]]:
    """Return the plans of every query by size."""
    shapes: dict[str, dict[str, list[str]]] = defaultdict(dict)
    for site in sites:
        plans: list[Mapping[str, Any]] = []
        found: dict[str, set[str]] = defaultdict(set)
        explaining = replace(site, kind=partial(ExplainingDatabase, plans))
        look = partial(_look, plans, found)
        for read in READS:
            for call in read.calls(explaining)[:EXPLAINED]:
                look(read.name, call)
        write_round(explaining, look, singles=2, batches=2)
        explaining.close()
        for name, shapes_found in found.items():
            shapes[name][site.label] = sorted(shapes_found)
    return shapes


def _look(
    plans: list[Mapping[str, Any]], found: Mapping[str, set[str]], name: str, call: Callable[[], object]
) -> object:
    plans.clear()
    result = call()
    found[name].update(map(shape, plans))
    return result


def measure(sites: Sequence[Site], scale: Scale) -> Samples:
    """Measure each query in all sizes in turn, several rounds; calls that read are made once unmeasured before."""
    samples = Samples()
    calls = {(read.name, site.label): read.calls(site) for read in READS for site in sites}
    for reads in calls.values():
        _repeat(reads, lambda call: call(), seconds=4 * scale.seconds, least=1, most=len(reads))
    for site in sites:
        write_round(site, lambda _, call: call(), singles=2, batches=2)
    gc.collect()
    gc.freeze()
    for number in range(ROUNDS):
        for read in READS:
            for site in sites:
                timed = partial(samples.timed, site.label, number, read.name)
                _repeat(calls[read.name, site.label], timed, seconds=scale.seconds, least=3, most=scale.executions)
        for site in sites:
            timed = partial(samples.timed, site.label, number)
            write_round(site, timed, singles=scale.singles, batches=scale.batches)
    gc.unfreeze()
    return samples


def _repeat(calls: Sequence[Call], make: Callable[[Call], object], *, seconds: float, least: int, most: int) -> None:
    started = time.perf_counter()
    for number in range(most):
        if number >= least and time.perf_counter() - started > seconds:
            return
        make(calls[number % len(calls)])


def _figures(
    samples: Samples, sites: Sequence[Site], shapes: Mapping[str, Mapping[str, list[str]]]
) -> Iterator[Figure]:
    first, *_, last = (site.label for site in sites)
    names = {**{read.name: read.what for read in READS}, **WHAT}
    hot = {read.name for read in READS if read.is_hot} | WHAT.keys()
    for name, what in names.items():
        milliseconds = {
            site.label: {f"p{rank}": samples.percentiles(name, site.label, rank) for rank in (50, 95)} for site in sites
        }
        yield Figure(
            key=f"growth.{name}.p95-ms",
            what=f"{what}: p95 with {last}",
            unit="ms",
            runs=tuple(milliseconds[last]["p95"]),
            context={"milliseconds": milliseconds, "plans": shapes[name]},
        )
        yield Figure(
            key=f"growth.{name}.ratio",
            what=f"{what}: p95 with {last} / with {first}",
            unit="x",
            runs=tuple(
                grown / small
                for grown, small in zip(milliseconds[last]["p95"], milliseconds[first]["p95"], strict=True)
            ),
            context={"hot": name in hot},
        )
    changed = [name for name in hot if len({tuple(plans) for plans in shapes[name].values()}) > 1]
    yield Figure(
        key="growth.plans-changed",
        what="queries whose plan depends on the number of jobs",
        unit="queries",
        runs=(float(len(changed)),),
        context={name: shapes[name] for name in changed},
    )


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """No query may be slower, nor planned in another way, because there is a past."""
    measured = {key: figure for key, figure in figures.items() if key.startswith("growth.") and key.endswith(".ratio")}
    names = [*(read.name for read in READS if read.is_hot), *WHAT]
    for name in names:
        figure = measured.get(f"growth.{name}.ratio")
        yield Target(
            name=f"growth: {name}, p95 after / before",
            wanted=MOST_GROWTH,
            sense="at most",
            measured=figure.value if figure else None,
        )
    plans = figures.get("growth.plans-changed")
    yield Target(name="growth: plans that changed", wanted=0, sense="exactly", measured=plans.value if plans else None)
