"""The rows of infra/cost/assumptions.toml that a run measured, so that docs/cost.md counts with what is measured.

Printed, not written: a row that changes the bill is read by somebody before it is committed.
"""

from collections.abc import Iterator, Mapping

from bench.busy import MEASURED_DELIVERIES, BusyFunctions
from bench.cost.shapes import STORED, stored_bytes
from bench.figures import Figure
from bench.measurements import Measurements
from infra.cost.usage import Busy, Usage

SOURCE = "make bench"


def measured_rows(figures: Mapping[str, Figure], assumed: Usage) -> Iterator[str]:
    """Give each row that was measured as TOML, with the keys of its figures. assumed: what the file says now."""
    job = assumed.job
    functions = BusyFunctions(Measurements(figures), job)
    drained = tuple(f"drain.batch-{size}.cpu-ms-per-job" for size in (MEASURED_DELIVERIES[0], MEASURED_DELIVERIES[2]))
    way = "model" if job.ai_share else "rules"
    for name, busy, keys in (
        ("submit", functions.submit(1), ("accept.cpu-ms-per-job", "accept.p50-ms")),
        ("query", functions.query(), ("query.cpu-ms-per-request", "query.p50-ms")),
        ("process", functions.process(job.batch), drained),
        (
            "classify",
            functions.classify(job.batch, asking_share=job.ai_share),
            (f"classify.{way}.cpu-ms-per-job", *drained),
        ),
    ):
        if all(key in figures for key in keys):
            yield f"{name} = {_inline(busy)}  # {SOURCE}: {', '.join(keys)}"
    if events := figures.get("kafka.bytes-per-job"):
        yield f"event_bytes = {events.value / job.events:.0f}  # {SOURCE}: {events.key}, of {job.events:g} events"
    if STORED in figures:
        for name, stored in stored_bytes(Measurements(figures), job).items():
            yield f"{name} = {stored:.0f}  # {SOURCE}: {STORED}"


def _inline(busy: Busy) -> str:
    computed, waiting = busy.cpu_milliseconds, busy.waiting_milliseconds
    return f"{{ cpu_milliseconds = {computed:.1f}, waiting_milliseconds = {waiting:.1f} }}"
