"""How fast the classify function gets through tickets: known titles, keyword rules, and a model that takes 50 ms."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from itertools import batched, count
from typing import Any

from bench.environment import BenchError, Environment, Runs
from bench.events import Events
from bench.figures import Figure, Target
from bench.lab import BenchLab
from bench.payload import DESCRIPTION
from bench.requests import batch
from bench.tenants import found_tenants
from tests.fakes.openai_server import FakeOpenAI
from tests.integration.topics import msk_event

ROUNDS = 3
SIZE = 100
BATCHES = {False: 5, True: 1}
MODEL_SECONDS = 0.05
WAYS = {"rules": "keyword rules", "cache": "known titles", "model": f"a model that takes {MODEL_SECONDS * 1e3:.0f} ms"}


def run(lab: BenchLab, *, quick: bool) -> list[Figure]:
    """Measure one process each way, with batches of 100 tickets."""
    with ExitStack() as stack:
        fake = stack.enter_context(FakeOpenAI())
        fake.always(f"delay={MODEL_SECONDS}")
        secret = lab.wiring.secret_name("openai")
        lab.aws.secrets = {**lab.aws.secrets, f"{secret}-model": {"apiKey": "bench"}}
        tickets = _Tickets(lab, stack.enter_context(lab.start("submit")))
        by_rules = stack.enter_context(lab.start("classify"))
        by_model = stack.enter_context(
            lab.start("classify", OPENAI_SECRET_ID=f"{secret}-model", OPENAI_BASE_URL=fake.base_url)
        )
        for environment in (by_rules, by_model):
            environment.run(tickets.batches(1))
        runs: dict[str, list[Runs]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            runs["rules"].append(by_rules.run(tickets.batches(BATCHES[quick])))
            runs["model"].append(by_model.run(tickets.batches(BATCHES[quick])))
            # The model's answers of just now are in the cache.
            runs["cache"].append(by_model.run(tickets.batches(BATCHES[quick], again=True)))
        if not fake.calls:
            raise BenchError("the model was never asked")
    lab.empty()
    return [figure for way in WAYS for figure in _figures(way, runs[way])]


def targets(_: Mapping[str, Figure]) -> Iterator[Target]:
    """Return none: the classifier has a budget of seconds, not a target."""
    return iter(())


class _Tickets:
    """Submits tickets with titles of their own and gives their records."""

    def __init__(self, lab: BenchLab, submit: Environment) -> None:
        [self._tenant] = found_tenants(lab, 1, word="classify")
        self._events = Events(lab, submit)
        self._numbers = count()
        self._last: list[str] = []

    def batches(self, number: int, *, again: bool = False) -> list[dict[str, Any]]:
        """Return events with a hundred tickets each. again: with the titles of the last call."""
        if not again:
            self._last = [f"the disk of server {next(self._numbers)} is full" for _ in range(number * SIZE)]
        tickets = [{"title": title, "description": DESCRIPTION, "type": "ticket"} for title in self._last]
        records = self._events.records([batch(self._tenant, some) for some in batched(tickets, SIZE)], len(tickets))
        return [msk_event(some) for some in batched(records, SIZE)]


def _figures(way: str, runs: Sequence[Runs]) -> list[Figure]:
    def figure(key: str, what: str, unit: str, values: Iterator[float]) -> Figure:
        return Figure(key=f"classify.{way}.{key}", what=f"{WAYS[way]}: {what}", unit=unit, runs=tuple(values))

    return [
        figure(
            "tickets-per-second",
            "tickets, one process",
            "tickets per second",
            (SIZE * len(r.seconds) / r.wall_seconds for r in runs),
        ),
        figure(
            "cpu-ms-per-job",
            "CPU of the function per ticket",
            "ms",
            (1e3 * r.cpu_seconds / (SIZE * len(r.seconds)) for r in runs),
        ),
        figure("wall-ms-per-batch", f"a batch of {SIZE}", "ms", (1e3 * r.wall_seconds / len(r.seconds) for r in runs)),
    ]
