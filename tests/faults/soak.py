"""A soak: three tenants, one of which floods, while memory and the others' latencies are watched, then faults fall.

Three parts of one run: the quiet tenants alone; with the flood; with the flood and random faults. Everything stops by
itself.
"""

import random
import statistics
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import psycopg

from tests.faults.api import NoAnswerError, Tenant, found_tenant
from tests.faults.evidence import Observer
from tests.faults.invariants import count_lost, find_violations
from tests.faults.lab import Lab
from tests.faults.memory import MemoryWatch, Reading
from tests.faults.randomly import strike_until
from tests.faults.scene import Scene
from tests.faults.workload import FLAKY, HOOK, HOPELESS, QUICK, REFUSED, SLOW, STUBBORN, TICKET, Kind, Workload

# Out of ten jobs one works for two seconds, and two fail at first: what a batch may bring any processor.
MIXED = (HOOK, QUICK, TICKET, HOOK, STUBBORN, QUICK, SLOW, TICKET, FLAKY, QUICK)
FLOOD = (*MIXED, HOPELESS, REFUSED)
QUIET_PAUSE_SECONDS = 1.0
# Their latency is all their own: the work of the others is part of it.
TIMED = frozenset({HOOK.name, QUICK.name, TICKET.name})
LEAST_SAMPLES = 20
# The flood's rate is what a stage's quota lets through.
FLOOD_PAUSE_SECONDS = 0.1
STRIKE_EVERY_SECONDS = 10.0
PARTS = {"solo": 0.35, "flood": 0.35, "faults": 0.3}
WARM_UP_SECONDS = 15.0
ALLOWED_RATIO = 2.0
PERCENTILES = (50, 95)


@dataclass(kw_only=True)
class Latencies:
    """Seconds from accepted to done of the quiet tenants' timed jobs in one part."""

    part: str
    seconds: list[float]

    def percentile(self, rank: int) -> float:
        """Return a percentile. Raises statistics.StatisticsError when there is too little to tell."""
        return statistics.quantiles(self.seconds, n=100)[rank - 1]


@dataclass(kw_only=True)
class SoakResult:
    """How it went."""

    jobs: int
    lost: int
    strikes: int
    took_seconds: float
    latencies: dict[str, Latencies]
    memory: list[Reading]
    violations: list[str] = field(default_factory=list)

    def ratio(self, rank: int) -> float:
        """How much longer the quiet tenants waited beside the flood than alone."""
        return self.latencies["flood"].percentile(rank) / self.latencies["solo"].percentile(rank)


class Soak:
    """One run in a laboratory. seconds: how long jobs are submitted, all parts together."""

    def __init__(self, lab: Lab, *, seconds: float, seed: int) -> None:
        self._lab = lab
        self._seconds = seconds
        self._chance = random.Random(seed)
        self._observer = Observer(database_url=lab.postgres.superuser_url, access=lab.kafka.access)
        self._problems: list[str] = []
        self._tenants: list[Tenant] = []
        self._loads: list[Workload] = []

    def run(self) -> SoakResult:
        """Play the three parts, wait for the end of all jobs, and judge."""
        started = time.monotonic()
        quiet = [self._found("quiet"), self._found("quiet")]
        flood = self._found("flood")
        watch = MemoryWatch(self._lab)
        borders: dict[str, tuple[float, float]] = {}
        strikes = 0
        with self._submitting(quiet, MIXED, QUIET_PAUSE_SECONDS):
            # First requests start execution environments; the flood's part has none of those.
            time.sleep(WARM_UP_SECONDS)
            borders["solo"] = self._let_pass("solo")
            with self._submitting([flood], FLOOD, FLOOD_PAUSE_SECONDS):
                with watch:
                    borders["flood"] = self._let_pass("flood")
                halt = threading.Event()
                with ThreadPoolExecutor(1) as pool:
                    faults = pool.submit(strike_until, self._scene(flood), halt, every_seconds=STRIKE_EVERY_SECONDS)
                    borders["faults"] = self._let_pass("faults")
                    halt.set()
                strikes = faults.result()
        self._wait_for_all()
        accepted = [job for load in self._loads for job in load.accepted]
        ids = [tenant.tenant_id for tenant in self._tenants]
        evidence = self._observer.gather(ids, self._lab.receiver.requests_for("/soak-"))
        return SoakResult(
            jobs=len(accepted),
            lost=count_lost(evidence, accepted),
            strikes=strikes,
            took_seconds=round(time.monotonic() - started, 1),
            latencies={part: self._latencies(part, quiet, since, until) for part, (since, until) in borders.items()},
            memory=watch.readings(),
            violations=self._problems + find_violations(evidence, accepted),
        )

    def _found(self, word: str) -> Tenant:
        tenant = found_tenant(self._lab.pool, word)
        self._tenants.append(tenant)
        return tenant

    def _let_pass(self, part: str) -> tuple[float, float]:
        since = time.time()
        time.sleep(self._seconds * PARTS[part])
        return since, time.time()

    def _submitting(self, tenants: Sequence[Tenant], kinds: Sequence[Kind], pause_seconds: float) -> "_Submitting":
        loads = []
        for tenant in tenants:
            place = f"{self._lab.receiver.base}/soak-{len(self._loads)}"
            tenant.api.call("auth", "PUT", "/admin/webhook", {"url": f"{place}/ticket"})
            load = Workload(tenants=[tenant], place=place)
            self._loads.append(load)
            loads.append(load)
        return _Submitting(loads, kinds, pause_seconds, self._problems, seed=self._chance.random())

    def _scene(self, flood: Tenant) -> Scene:
        return Scene(
            lab=self._lab,
            tenants=(flood,),
            workload=self._loads[-1],
            observer=self._observer,
            chance=self._chance,
        )

    def _wait_for_all(self) -> None:
        scene = self._scene(self._tenants[-1])
        scene.tenants = tuple(self._tenants)
        if not scene.wait_until_done(seconds=120):
            self._problems.append("not done two minutes after the last job was submitted")

    def _latencies(self, part: str, quiet: Sequence[Tenant], since: float, until: float) -> Latencies:
        timed = {job.job_id for load in self._loads for job in load.accepted if job.kind.name in TIMED}
        with psycopg.connect(self._lab.postgres.superuser_url) as connection:
            rows = connection.execute(
                "SELECT job_id::text, extract(epoch FROM completed_at - created_at)::float FROM jobs"
                " WHERE tenant_id = ANY(%s) AND created_at BETWEEN to_timestamp(%s) AND to_timestamp(%s)"
                " AND completed_at IS NOT NULL",
                ([tenant.tenant_id for tenant in quiet], since, until),
            ).fetchall()
        seconds = [took for job_id, took in rows if job_id in timed]
        if len(seconds) < LEAST_SAMPLES:
            self._problems.append(f"{len(seconds)} timed jobs in the part {part}: too few to judge")
        return Latencies(part=part, seconds=seconds)


class _Submitting:
    """A context in which every load gets one job after the other, at random times around the pause."""

    def __init__(
        self,
        loads: Sequence[Workload],
        kinds: Sequence[Kind],
        pause_seconds: float,
        problems: list[str],
        *,
        seed: float,
    ) -> None:
        self._loads = loads
        self._kinds = kinds
        self._pause_seconds = pause_seconds
        self._problems = problems
        self._halt = threading.Event()
        self._threads = [
            threading.Thread(target=self._submit, args=(load, random.Random(seed + number)), daemon=True)
            for number, load in enumerate(loads)
        ]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        for thread in self._threads:
            thread.join()

    def _submit(self, load: Workload, chance: random.Random) -> None:
        number = 0
        while not self._halt.is_set():
            started = time.monotonic()
            try:
                load.submit([self._kinds[number % len(self._kinds)]])
            except NoAnswerError as error:
                self._problems.append(f"the API gave no answer: {error}")
            number += 1
            # Tenants that kept step would meet the same jobs of each other in one part of the run and not in another.
            pause_seconds = chance.expovariate(1 / self._pause_seconds)
            self._halt.wait(max(pause_seconds - (time.monotonic() - started), 0.0))
