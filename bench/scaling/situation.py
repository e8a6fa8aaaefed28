"""A load on a deployment: what it asks of each part of one cell, a second or at once."""

from dataclasses import dataclass, field, replace
from typing import Any

from bench.database_time import database_milliseconds
from bench.scaling.deployment import Books, Deployment
from bench.scaling.limits import BROKER_COUNT
from bench.scaling.load import Load, Work
from infra.cost.usage import Busy

RECORDS_OF_A_TICKET = 2
MEGABYTE = 1e6
GIGABYTE = 1e9
DAY_SECONDS = 86_400
MINUTE_SECONDS = 60

JOBS_IN_A_BATCH = 100
"""The most that `POST /jobs/batch` takes."""
READS_IN_PAGES = 0.02
"""Looks at a job, where callers ask for pages of a hundred and not for each job."""

COMMIT_MILLISECONDS = 3.0
"""Until a second zone has it: guessed, measure it on RDS before relying on it. This machine's disk takes 1 ms."""
CHAINING_MILLISECONDS = 0.2
CHAINING_ROW_MILLISECONDS = 0.013
"""What the trigger takes for a statement, and for each further row: docs/decisions.md."""
CHAINED_BY_CONSUMERS = 3
"""Statements for each delivery that write audit rows: claim, move, verdict."""
MOVES_OF_A_JOB = 3
"""Into the first state, to PROCESSING, to the last one."""
CHAINED_ROWS_OF_A_JOB = 5
"""Submitted, classified, started, ended, removed."""

WAL_BYTES = 20_000
PAGES_WRITTEN = 2
PAGE_BYTES = 8_192
"""Of a job's life, guessed: rows and index entries of five tables, most of them on pages that others share."""
FLUSHES_PER_SECOND = 700
"""The most: transactions that commit meanwhile share one."""

OUTBOX_ROWS = 3
REMEMBERED_EVENTS = 2
REMEMBERED_BYTES = 150
"""Of a job in Valkey: two keys of some 70 bytes, their values and when they end."""
CACHE_COMMANDS_OF_A_SUBMIT = 5
CACHE_COMMANDS_OF_A_JOB = 5
ZONES = 3


@dataclass(frozen=True)
class Situation:
    """The load of one cell, in numbers; whoever asks compares them with what the deployment allows."""

    load: Load
    deployment: Deployment
    work: Work = field(repr=False)

    def with_load(self, **changes: Any) -> "Situation":
        """Return the same with another load."""
        return replace(self, load=replace(self.load, **changes))

    def with_deployment(self, **changes: Any) -> "Situation":
        """Return the same deployed otherwise."""
        return replace(self, deployment=replace(self.deployment, **changes))

    # --- A second

    @property
    def jobs(self) -> float:
        """Of this cell."""
        return self.load.jobs_per_second / self.deployment.cells

    @property
    def submits(self) -> float:
        """Requests that bring jobs."""
        return self.jobs / self.load.jobs_per_submit

    @property
    def reads(self) -> float:
        """Requests that look at jobs."""
        return self.jobs * self.load.reads_per_job

    @property
    def requests(self) -> float:
        """All of them."""
        return self.submits + self.reads

    @property
    def deliveries(self) -> float:
        """Full ones, to one consumer."""
        return self.jobs * RECORDS_OF_A_TICKET * self.work.assumed.attempts / self.deployment.records

    @property
    def transactions(self) -> float:
        """That write: insert and delete; claim, move and delete; verdict and delete."""
        return 2 * self.submits + (3 + 2) * self.deliveries

    @property
    def retries(self) -> float:
        """What only the relay publishes, when all is well."""
        return self.jobs * (self.work.assumed.attempts - 1)

    @property
    def cache_commands(self) -> float:
        """To Valkey."""
        return CACHE_COMMANDS_OF_A_SUBMIT * self.submits + CACHE_COMMANDS_OF_A_JOB * self.jobs

    # --- At once

    @property
    def submitting(self) -> float:
        """Environments of the submit function."""
        return self.submits * self._seconds("submit", self.work.busy.submit(self.load.jobs_per_submit))

    @property
    def querying(self) -> float:
        """Of the query function."""
        return self.reads * self._seconds("query", self.work.busy.query())

    @property
    def delivery_seconds(self) -> float:
        """How long a full delivery takes the processor: its own time, and its slowest job's."""
        own = self.work.busy.process(self.deployment.records, handler_milliseconds=0)
        return self._seconds("process", own) + self.load.handler_seconds

    @property
    def processing(self) -> float:
        """Deliveries that are being processed."""
        return self.deliveries * self.delivery_seconds

    @property
    def classifying(self) -> float:
        """Deliveries that are being classified."""
        busy = self.work.busy.classify(self.deployment.records, asking_share=self.load.asking_share)
        return self.deliveries * self._seconds("classify", busy)

    @property
    def environments(self) -> float:
        """All of them."""
        return self.submitting + self.querying + self.processing + self.classifying

    @property
    def producers(self) -> float:
        """Those with a connection to every broker."""
        return self.submitting + self.processing + self.classifying

    # --- Of the database

    @property
    def processors(self) -> float:
        """Of the database, that are busy."""
        milliseconds = database_milliseconds(
            self.work.measured,
            jobs_per_submit=self.load.jobs_per_submit,
            reads_per_job=self.load.reads_per_job,
            records=self.deployment.records,
        )
        return self.jobs * milliseconds / 1000

    @property
    def megabytes_written(self) -> float:
        """A second: log and pages."""
        logged = self.work.measured.value("database.wal-bytes-per-job", otherwise=WAL_BYTES)
        return self.jobs * (logged + PAGES_WRITTEN * PAGE_BYTES) / MEGABYTE

    @property
    def disk_operations(self) -> float:
        """A second: flushes of the log and pages."""
        return min(self.transactions, FLUSHES_PER_SECOND) + PAGES_WRITTEN * self.jobs

    @property
    def stored_gigabytes(self) -> float:
        """Once the oldest rows are old enough to go."""
        stored, deployment = self.work.stored, self.deployment
        days = stored["row_bytes"] * deployment.jobs_days + stored["audit_bytes"] * deployment.audit_days
        return self.jobs * DAY_SECONDS * days / GIGABYTE

    @property
    def removed_rows(self) -> float:
        """Audit rows that the relay deletes in a second."""
        return 0.0 if self.deployment.drops_partitions else self.jobs * CHAINED_ROWS_OF_A_JOB

    @property
    def counted_jobs(self) -> float:
        """By the relay in one statement."""
        match self.deployment.books:
            case Books.ALL:
                return self.jobs * DAY_SECONDS * self.deployment.jobs_days
            case Books.BY_TENANT:
                return self.jobs * DAY_SECONDS * self.deployment.jobs_days * self.load.busiest
            case Books.BY_CHANGE:
                return self.jobs * MINUTE_SECONDS * MOVES_OF_A_JOB

    @property
    def dead_outbox_rows(self) -> float:
        """Until the next vacuum."""
        return self.jobs * OUTBOX_ROWS * self.deployment.nap_seconds

    @property
    def busiest_chain(self) -> float:
        """The part of the time in which somebody holds the head of the busiest tenant's chain.

        It is locked from the trigger to the end of the commit. A delivery brings jobs of many tenants and locks all
        their heads, so the busiest tenant's is locked by almost every delivery; unless its events are kept together.
        """
        own = self.load.jobs_per_second * self.load.busiest
        submits = own / self.load.jobs_per_submit * _held_seconds(self.load.jobs_per_submit)
        jobs = self.deployment.records / RECORDS_OF_A_TICKET
        deliveries = self.deliveries * (self.load.busiest if self.deployment.keyed_by_tenant else 1)
        return (submits + deliveries * CHAINED_BY_CONSUMERS * _held_seconds(jobs)) / self.deployment.chains

    @property
    def partition_jobs(self) -> float:
        """Jobs a second that one partition gets through: one full delivery after the other."""
        jobs = self.deployment.records / RECORDS_OF_A_TICKET / self.work.assumed.attempts
        return jobs / self.delivery_seconds

    # --- Of Kafka and Valkey

    @property
    def broker_megabytes(self) -> float:
        """What comes in to each broker in a second, without replicas."""
        job = self.work.assumed
        written = self.work.measured.value("kafka.bytes-per-job", otherwise=job.events * job.event_bytes)
        return self.jobs * written / BROKER_COUNT / MEGABYTE

    @property
    def broker_partitions(self) -> float:
        """Of three large topics and a small one, with their replicas; as many replicas as brokers."""
        return 3 * self.deployment.partitions + 3

    @property
    def remembered_gigabytes(self) -> float:
        """In Valkey."""
        seconds = self.deployment.remembered_hours * 3600
        return self.jobs * REMEMBERED_EVENTS * REMEMBERED_BYTES * seconds / GIGABYTE

    # --- When something breaks

    @property
    def rescue_seconds(self) -> float:
        """How long the relay takes to give away the jobs of a zone's workers, once their leases are over."""
        return self.jobs * self.delivery_seconds / ZONES / self.deployment.rescued_at_once

    def _seconds(self, name: str, busy: Busy) -> float:
        return busy.billed_milliseconds(self.work.memory[name]) / 1000


def _held_seconds(rows: float) -> float:
    return (COMMIT_MILLISECONDS + CHAINING_MILLISECONDS + CHAINING_ROW_MILLISECONDS * rows) / 1000
