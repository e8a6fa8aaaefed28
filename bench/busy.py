"""How long one call keeps a function busy on AWS, from what the same call took on this machine.

CPU time is taken as it was measured: a processor of Lambda's is assumed to be as fast as one of this machine's, and
the memory of the function says how much of one it has (`Busy.billed_milliseconds`). Waiting is what the call took
beyond its CPU time, and what the network adds: on loopback there is none.

Where a run measured nothing the assumptions of docs/cost.md stand in. They know nothing of the size of a batch.
"""

from dataclasses import dataclass
from math import ceil

from bench.measurements import Measurements
from infra.cost.usage import Busy, Job

MEASURED_DELIVERIES = (1, 10, 100, 1000)
"""Records in a delivery to the processor that `bench/drain.py` measures."""
MEASURED_SUBMIT = 100
MEASURED_CLASSIFICATION = 100
"""Jobs in a call of the batch endpoint, and tickets in a delivery to the classifier, as they are measured."""

GAIN_OF_BATCH = 5
"""How much cheaper a job is through the batch endpoint, where nobody measured: what is asked of it."""
UNCLAIMED_SHARE = 0.4
"""What the record of a ticket that waits for its classification costs the processor, of one that is run: it is read,
looked up and refused by the claim, and neither run nor moved nor published."""
READ_SHARE = 0.1
"""What a record costs the classifier that asks for no classification, of one that does: it is only decoded."""

HANDLER_MILLISECONDS = 200
"""The slowest of a delivery's handlers, on average: a ticket goes to a webhook. What is measured does nothing."""
MODEL_MILLISECONDS = 1000
"""A small model's answer of some ninety tokens."""
MODEL_CALLS_AT_ONCE = 10
"""`TicketClassifier`'s concurrency."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """What a call does over the network, and what that adds to the same call on loopback.

    commits: those that wait until two zones have them.
    """

    round_trips: int
    commits: int
    publishes: int

    @property
    def milliseconds(self) -> float:
        """Assumed: a millisecond to a server that may be in another zone, and two more where that asks a third zone."""
        return 1.0 * self.round_trips + 2.0 * (self.commits + self.publishes)


SUBMIT = Network(round_trips=5, commits=1, publishes=1)
"""Quota, insert, publish, delete, counters. The deletion waits for no disk."""
PROCESS = Network(round_trips=7, commits=2, publishes=1)
"""Look up, claim, move, publish, delete, mark, counters."""
CLASSIFY = Network(round_trips=7, commits=1, publishes=1)
"""Find, look up, write, publish, delete, remember, counters."""


@dataclass(frozen=True)
class BusyFunctions:
    """One call of each function; `assumed` stands in for what was not measured."""

    measured: Measurements
    assumed: Job

    def submit(self, jobs: int) -> Busy:
        """A request with so many jobs: one, or the batch endpoint's."""
        key = "accept." if jobs == 1 else f"accept.batch-{MEASURED_SUBMIT}."
        cpu, wall = self.measured.find(f"{key}cpu-ms-per-job"), self.measured.find(f"{key}p50-ms")
        if cpu is None:
            assumed = self.assumed.submit
            return assumed if jobs == 1 else _longer(assumed, jobs / GAIN_OF_BATCH)
        measured_jobs = 1 if jobs == 1 else MEASURED_SUBMIT
        waited = _waited(wall, cpu * measured_jobs)
        return Busy(cpu_milliseconds=cpu * jobs, waiting_milliseconds=waited + SUBMIT.milliseconds)

    def query(self) -> Busy:
        """A look at a job, or at a page of them."""
        cpu, wall = self.measured.find("query.cpu-ms-per-request"), self.measured.find("query.p50-ms")
        if cpu is None:
            return self.assumed.query
        return Busy(cpu_milliseconds=cpu, waiting_milliseconds=_waited(wall, cpu) + 1.0)

    def process(self, records: float, *, handler_milliseconds: float = HANDLER_MILLISECONDS) -> Busy:
        """A delivery of so many records of tickets, half of which are to be run: the others wait for the classifier."""
        split = self._split()
        if split is None:
            return self.assumed.process
        per_delivery, per_record = split
        run = records / 2
        cpu = per_delivery + per_record * run * (1 + UNCLAIMED_SHARE)
        # Of less than one job a delivery, what is waited for on average.
        handlers = handler_milliseconds * min(run, 1.0)
        return Busy(cpu_milliseconds=cpu, waiting_milliseconds=self._process_waits(records) + handlers)

    def classify(self, records: float, *, asking_share: float) -> Busy:
        """A delivery of so many records of tickets, half of which ask for a classification.

        asking_share: of these, what the model is asked about; the others are known, or the rules decide.
        """
        asking = records / 2 * asking_share
        # Of less than one question a delivery, what is waited for on average.
        model = MODEL_MILLISECONDS * (asking if asking < 1 else ceil(asking / MODEL_CALLS_AT_ONCE))
        way = "model" if asking_share else "rules"
        cpu, wall = (self.measured.find(f"classify.{way}.{key}") for key in ("cpu-ms-per-job", "wall-ms-per-batch"))
        split = self._split()
        if cpu is None or split is None:
            assumed = self.assumed.classify
            beside = max(assumed.waiting_milliseconds - MODEL_MILLISECONDS, 0.0)
            return assumed.model_copy(update={"waiting_milliseconds": beside + model})
        per_delivery, _ = split
        known = self.measured.value("classify.cache.cpu-ms-per-job", otherwise=cpu)
        mixed = cpu * asking_share + known * (1 - asking_share) if asking_share else cpu
        per_ticket = max(mixed - per_delivery / MEASURED_CLASSIFICATION, 0.0)
        computed = per_delivery + per_ticket * records / 2 * (1 + READ_SHARE)
        # Without the model's answers: they are the fake model's, which is quicker than any real one.
        waited = 0.0 if asking_share else _waited(wall, cpu * MEASURED_CLASSIFICATION)
        return Busy(cpu_milliseconds=computed, waiting_milliseconds=waited + CLASSIFY.milliseconds + model)

    def _split(self) -> tuple[float, float] | None:
        """What a delivery and each record in it cost the processor: a line through two measured sizes."""
        few, many = MEASURED_DELIVERIES[0], MEASURED_DELIVERIES[2]
        low, high = (self.measured.find(f"drain.batch-{size}.cpu-ms-per-job") for size in (few, many))
        if low is None or high is None:
            return None
        per_record = max((high * many - low * few) / (many - few), 0.0)
        return max(low - per_record, 0.0), per_record

    def _process_waits(self, records: float) -> float:
        size = min(MEASURED_DELIVERIES, key=lambda measured: max(measured, records) / min(measured, records))
        cpu = self.measured.value(f"drain.batch-{size}.cpu-ms-per-job", otherwise=0.0)
        return _waited(self.measured.find(f"drain.batch-{size}.wall-ms-per-batch"), cpu * size) + PROCESS.milliseconds


def _waited(wall: float | None, cpu: float) -> float:
    return 0.0 if wall is None else max(wall - cpu, 0.0)


def _longer(busy: Busy, times: float) -> Busy:
    return Busy(cpu_milliseconds=busy.cpu_milliseconds * times, waiting_milliseconds=busy.waiting_milliseconds * times)
