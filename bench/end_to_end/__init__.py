"""How long a job takes on the local cloud when jobs come at a steady rate, from POST to its end, and who is busy.

A cloud of its own: every service and the emulator in processes of their own, on ports of their own, as `make up` runs
them. Jobs come whether the earlier ones are done or not, so that a road too slow for its traffic shows.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from bench.end_to_end.journeys import LEGS, Journey, Journeys
from bench.end_to_end.load import Answered, Caller, send
from bench.end_to_end.processes import Usage, Watch
from bench.figures import Figure, Target, percentile
from bench.lab import BenchLab
from tests.e2e.cloud import UP_SECONDS, LocalCloud

RATES = (20, 50)
ROUNDS = 3
# Of each rate in each round.
LOAD_SECONDS = {False: 15.0, True: 2.0}
# So many requests at once, one after the other: execution environments that all start together starve one another.
WARM_UP_CONNECTIONS = (1, 2, 4, 8)
WARM_UP_RATE = 20
WARM_UP_SECONDS = {False: 3.0, True: 1.0}
TENANTS = 5
# Of a processor: whoever used less in every round is left out.
LEAST_CORES = 0.005
TARGET_RATE = 50
TARGET_MS = 150.0


@dataclass(frozen=True)
class Round:
    """What one rate did once."""

    answers: Sequence[Answered]
    journeys: Sequence[Journey]
    usage: Usage

    @property
    def rate(self) -> float:
        """Answers a second, as the server gave them."""
        return (len(self.answers) - 1) / (self.answers[-1].ended - self.answers[0].ended)


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Start a cloud, warm it up, and send at each rate in turn, several times."""
    cloud = LocalCloud.configure(lab.folder / "cloud")
    rounds: dict[int, list[Round]] = {rate: [] for rate in RATES}
    try:
        cloud.run("up", seconds=UP_SECONDS)
        journeys = Journeys(cloud)
        callers = [Caller.register(cloud.endpoints.api_url) for _ in range(TENANTS)]
        for connections in WARM_UP_CONNECTIONS:
            send(callers, rate=WARM_UP_RATE, seconds=WARM_UP_SECONDS[quick], connections=connections)
        journeys.finish()
        for _ in range(ROUNDS):
            for rate in RATES:
                rounds[rate].append(_round(cloud, journeys, callers, rate, LOAD_SECONDS[quick]))
    finally:
        cloud.run("down")
    return [figure for rate in RATES for figure in _figures(rate, rounds[rate])]


def targets(figures: Mapping[str, Figure]) -> Iterator[Target]:
    """Compare the slow jobs at the higher rate with what they may take."""
    figure = figures.get(f"end-to-end.{TARGET_RATE}.accept-to-done.p95")
    yield Target(
        name=f"end to end: p95 from accepted to done at {TARGET_RATE} jobs a second",
        wanted=TARGET_MS,
        sense="at most",
        measured=figure.value if figure else None,
        unit="ms",
    )


def _round(cloud: LocalCloud, journeys: Journeys, callers: Sequence[Caller], rate: int, seconds: float) -> Round:
    watch = Watch(cloud)
    answers = send(callers, rate=rate, seconds=seconds)
    usage = watch.usage()
    journeys.finish()
    return Round(answers, journeys.of(answers), usage)


def _figures(rate: int, rounds: Sequence[Round]) -> Iterator[Figure]:
    def figure(key: str, what: str, runs: Sequence[float], unit: str = "ms") -> Figure:
        return Figure(
            key=f"end-to-end.{rate}.{key}", what=f"at {rate} jobs a second: {what}", unit=unit, runs=tuple(runs)
        )

    yield figure("rate", "answers, as they came", [r.rate for r in rounds], "jobs per second")
    for rank in (50, 95, 99):
        times = [percentile([a.seconds for a in r.answers], rank) for r in rounds]
        yield figure(f"post-to-201.p{rank}", "POST to 201", _ms(times))
    for rank in (50, 95, 99):
        times = [percentile([j.seconds for j in r.journeys], rank) for r in rounds]
        yield figure(f"accept-to-done.p{rank}", "accepted (row) to done (row)", _ms(times))
    for leg, what in LEGS.items():
        for name, value in (("mean", _mean), ("p95", _p95)):
            times = [value([j.legs[leg] for j in r.journeys]) for r in rounds]
            yield figure(f"leg.{leg}.{name}", f"{what}, {name}", _ms(times))
    yield figure("batch", "records in a delivery to the processor", [_batch(r.journeys) for r in rounds], "records")
    for part in sorted({part for r in rounds for part in r.usage.cores}):
        cores = [r.usage.cores.get(part, 0.0) for r in rounds]
        if max(cores) < LEAST_CORES:
            continue
        yield figure(f"cpu.{part}", f"processors used by {part}", cores, "cores")
    yield figure("cpu.machine", "processors used by the whole machine", [r.usage.machine for r in rounds], "cores")


def _ms(seconds: Sequence[float]) -> list[float]:
    return [1e3 * one for one in seconds]


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _p95(values: Sequence[float]) -> float:
    return percentile(values, 95)


def _batch(journeys: Sequence[Journey]) -> float:
    return len(journeys) / len({j.delivery for j in journeys})
