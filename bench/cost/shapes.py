"""Three ways to use the system, and what a job is in each of them, in the terms of docs/cost.md."""

from dataclasses import dataclass

from bench.busy import BusyFunctions
from bench.measurements import Measurements
from infra.cost.bill import MILLION, SECONDS_PER_HOUR
from infra.cost.usage import Job, Usage

LINE_BYTES = 420
"""A log line about a job: fields and JSON of `smartqueue/logs.py`, and CloudWatch's own 26 bytes."""
DELIVERY_BYTES = 1_200
"""What a delivery logs of itself: Lambda's own three lines, ours about the batch, and the counters."""
LINES_OF_CONSUMERS = 2
"""About each ticket: classified, ended."""
RECORDS = 2
"""Of a ticket, each read by both consumers: when it is created, and when it is classified."""


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How jobs come. peak: of jobs a second, where they come in bursts; records: in one delivery to a consumer."""

    name: str
    what: str
    jobs_per_second: float
    peak: float
    hours_a_month: float
    jobs_per_submit: int
    reads_per_job: float
    records: int

    @property
    def jobs_a_month(self) -> float:
        """All of them."""
        return self.jobs_per_second * self.hours_a_month * SECONDS_PER_HOUR

    @property
    def millions_a_month(self) -> float:
        """The same, as they are priced."""
        return self.jobs_a_month / MILLION


TRICKLE = Shape(
    name="trickle",
    what="a job a second, day and night, each submitted alone and looked at twice",
    jobs_per_second=1,
    peak=1,
    hours_a_month=730,
    jobs_per_submit=1,
    reads_per_job=2,
    records=1,
)
OFFICE = Shape(
    name="office",
    what="50 jobs a second in office hours, 150 at times, each submitted alone and looked at twice",
    jobs_per_second=50,
    peak=150,
    hours_a_month=22 * 8,
    jobs_per_submit=1,
    reads_per_job=2,
    records=10,
)
FLOOD = Shape(
    name="flood",
    what="1,000 jobs a second for an hour each night, submitted by the hundred and looked at in pages of a hundred",
    jobs_per_second=1_000,
    peak=1_000,
    hours_a_month=30,
    jobs_per_submit=100,
    reads_per_job=0.02,
    records=100,
)
SHAPES = (TRICKLE, OFFICE, FLOOD)


STORED = "growth.churn.bytes-per-job"
"""The figure that tells how much a finished job leaves in the database, by table in its context."""


def stored_bytes(measured: Measurements, assumed: Job) -> dict[str, float]:
    """Return `row_bytes` and `audit_bytes` of a job."""
    total = measured.find(STORED)
    rows = measured.part(STORED, "tables", "jobs")
    if total is None or rows is None:
        return {"row_bytes": assumed.row_bytes, "audit_bytes": assumed.audit_bytes}
    return {"row_bytes": rows, "audit_bytes": total - rows}


def usage_of(shape: Shape, measured: Measurements, assumed: Usage, *, with_model: bool) -> Usage:
    """Return what a job causes in a shape: measured where it was measured, else as it is assumed."""
    job = assumed.job
    functions = BusyFunctions(measured, job)
    asking_share = job.ai_share if with_model else 0.0
    submits = 1 / shape.jobs_per_submit
    # A request with a hundred jobs has a line about each.
    further_lines = (1 - submits) * LINE_BYTES / (submits + shape.reads_per_job)
    consumers_log = LINES_OF_CONSUMERS * LINE_BYTES + 2 * RECORDS * job.attempts * DELIVERY_BYTES / shape.records
    changed = {
        "submits": submits,
        "reads": shape.reads_per_job,
        "batch": float(shape.records),
        "submit": functions.submit(shape.jobs_per_submit),
        "query": functions.query(),
        "process": functions.process(shape.records),
        "classify": functions.classify(shape.records, asking_share=asking_share),
        "request_log_bytes": job.request_log_bytes + further_lines,
        "job_log_bytes": consumers_log / 2,
        "event_bytes": measured.value("kafka.bytes-per-job", otherwise=job.events * job.event_bytes) / job.events,
        **stored_bytes(measured, job),
        "ai_share": asking_share,
    }
    return assumed.model_copy(update={"job": job.model_copy(update=changed)})
