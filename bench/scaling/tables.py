"""The tables of docs/performance.md about more than one machine; nobody types their numbers."""

from collections.abc import Iterator, Mapping

from bench.cost.section import prod
from bench.cost.shapes import Shape, usage_of
from bench.figures import Figure
from bench.measurements import Measurements
from bench.report import number
from bench.scaling.limits import BROKERS, CACHES, DISKS, SERVERS
from bench.scaling.parts import PARTS
from bench.scaling.remedies import BATCH_ENDPOINT, CHAINS, KEY_BY_TENANT, LARGER_DELIVERIES
from bench.scaling.section import RATES, plan_for, situation_of
from bench.scaling.simulation import most_jobs_per_second
from bench.scaling.situation import JOBS_IN_A_BATCH, READS_IN_PAGES
from infra.cost.bill import MILLION, SECONDS_PER_HOUR, Context
from infra.cost.jobs import job_lines

CHAIN, CLASSIFY = (next(part for part in PARTS if part.name.endswith(end)) for end in ("chain", "to classify"))


def tables(figures: Mapping[str, Figure], *, stage: Context | None = None) -> dict[str, str]:
    """Return the tables of docs/performance.md by the names of their places.

    stage: whose prices; None synthesises prod, which takes seconds. Raises NoRemedyError, UnknownPriceError.
    """
    measured = Measurements(figures)
    return {
        "scaling-limits": "\n".join(_limits(measured)),
        "scaling-steps": "\n".join(_steps(measured)),
        "scaling-sizes": "\n".join(_sizes(measured)),
        "scaling-tenant": "\n".join(_tenant(measured)),
        "scaling-money": "\n".join(_money(measured, stage or prod())),
    }


def _limits(measured: Measurements) -> Iterator[str]:
    situations = [situation_of(rate, measured) for rate in RATES]
    yield f"| what | gives way at jobs/s | there is | {' | '.join(f'at {rate:,}' for rate in RATES)} | says | sure |"
    yield f"|---|---:|---:|{'---:|' * len(RATES)}---|---|"
    asking = [s.with_load(asking_share=s.work.assumed.ai_share) for s in situations]
    rows = [(part.name, part, situations) for part in PARTS]
    rows.append((f"{CLASSIFY.name}, with the AI model", CLASSIFY, asking))
    for name, part, under in sorted(rows, key=lambda row: most_jobs_per_second(row[1], row[2][0])):
        limit = part.limit(under[0])
        asked = (_asked(part.demand(s), limit.most) for s in under)
        yield (
            f"| {name} | {number(most_jobs_per_second(part, under[0]))} | {number(limit.most)} {limit.unit} "
            f"| {' | '.join(asked)} | {limit.source} | {limit.sure} |"
        )


def _asked(demand: float, most: float) -> str:
    return f"**{number(demand)}**" if demand > most else number(demand)


def _steps(measured: Measurements) -> Iterator[str]:
    yield "| jobs/s | | what is used up | asked / there is | what is done | can be done today |"
    yield "|---:|---:|---|---:|---|---|"
    for rate in RATES:
        plan = plan_for(rate, measured)
        rows = [
            (
                step.part.name,
                number(step.use),
                step.remedy.text(step.after),
                "yes" if step.remedy.is_ready else "no",
            )
            for step in plan.steps
        ]
        if plan.because:
            rows.insert(0, (f"{plan.because.name}, whatever else is done", "", f"{plan.cells} cells", "by hand"))
        for place, row in enumerate(rows, 1):
            yield f"| {f'{rate:,}' if place == 1 else ''} | {place} | {' | '.join(row)} |"


def _sizes(measured: Measurements) -> Iterator[str]:
    ends = [plan_for(rate, measured).end for rate in RATES]
    yield f"| | {' | '.join(f'{rate:,} jobs/s' for rate in RATES)} |"
    yield f"|---|{'---:|' * len(RATES)}"
    for name, tell in (
        ("cells", lambda s: f"{s.deployment.cells}"),
        ("each cell: jobs/s", lambda s: number(s.jobs)),
        ("jobs in a request", lambda s: f"{s.load.jobs_per_submit}"),
        ("API requests/s", lambda s: number(s.requests)),
        ("environments at once: submit, query", lambda s: f"{number(s.submitting)}, {number(s.querying)}"),
        ("the same: process, classify", lambda s: f"{number(s.processing)}, {number(s.classifying)}"),
        (
            "partitions of a topic, records in a delivery",
            lambda s: f"{s.deployment.partitions}, {s.deployment.records}",
        ),
        ("brokers", lambda s: f"3 {BROKERS[s.deployment.broker].name}"),
        ("MB/s into each", lambda s: number(s.broker_megabytes)),
        ("database", lambda s: SERVERS[s.deployment.server].name),
        ("of its processors busy", lambda s: f"{s.processors / SERVERS[s.deployment.server].processors:.0%}"),
        ("writing transactions/s", lambda s: number(s.transactions)),
        ("disk", lambda s: DISKS[s.deployment.disk].name),
        ("MB/s, IO/s", lambda s: f"{number(s.megabytes_written)}, {number(s.disk_operations)}"),
        ("days of jobs, of audit rows", lambda s: f"{s.deployment.jobs_days}, {s.deployment.audit_days}"),
        ("GB stored", lambda s: number(s.stored_gigabytes)),
        ("Valkey", lambda s: CACHES[s.deployment.cache].name),
        ("busiest tenant's chain held", lambda s: f"{s.busiest_chain:.0%}"),
    ):
        yield f"| {name} | {' | '.join(map(tell, ends))} |"


def _tenant(measured: Measurements) -> Iterator[str]:
    """One tenant alone, and what its chain allows it."""
    alone = situation_of(RATES[0], measured).with_load(busiest=1.0)
    yield "| one tenant alone | jobs/s by its chain | jobs/s through one partition |"
    yield "|---|---:|---:|"
    for what, remedy in (
        ("submits one by one, deliveries of 100", None),
        ("submits by the hundred", BATCH_ENDPOINT),
        ("and deliveries of 1,000", LARGER_DELIVERIES),
        ("and two chains", CHAINS),
    ):
        alone = (remedy.change(alone) or alone) if remedy else alone
        yield f"| {what} | {number(most_jobs_per_second(CHAIN, alone))} | {number(alone.partition_jobs)} |"
    everybody = situation_of(RATES[0], measured)
    yield ""
    yield "| all tenants together, the busiest of which sends a tenth | jobs/s by that tenant's chain |"
    yield "|---|---:|"
    for what, remedy in (
        ("submitted one by one, deliveries of 100", None),
        ("submitted by the hundred", BATCH_ENDPOINT),
        ("and events keyed by tenant", KEY_BY_TENANT),
    ):
        everybody = (remedy.change(everybody) or everybody) if remedy else everybody
        yield f"| {what} | {number(most_jobs_per_second(CHAIN, everybody))} |"


def _money(measured: Measurements, stage: Context) -> Iterator[str]:
    ways = {
        "one by one": _shape(jobs_per_submit=1, reads_per_job=2, records=100),
        "by the hundred": _shape(jobs_per_submit=JOBS_IN_A_BATCH, reads_per_job=READS_IN_PAGES, records=100),
    }
    yield f"| dollars an hour, beyond the fixed cost | {' | '.join(f'{rate:,} jobs/s' for rate in RATES)} |"
    yield f"|---|{'---:|' * len(RATES)}"
    for way, shape in ways.items():
        parts = _dollars(shape, measured, stage, with_model=False)
        for group, dollars in parts.items():
            if dollars:
                yield f"| {way}: {group} | {_hourly(dollars)} |"
        yield f"| **{way}: all** | {_hourly(sum(parts.values()))} |"
    more = sum(_dollars(shape, measured, stage, with_model=True).values()) - sum(parts.values())
    yield f"| the AI model on top, for four tickets of five | {_hourly(more)} |"


def _hourly(dollars_per_million: float) -> str:
    return " | ".join(number(dollars_per_million * rate * SECONDS_PER_HOUR / MILLION) for rate in RATES)


def _shape(*, jobs_per_submit: int, reads_per_job: float, records: int) -> Shape:
    return Shape(
        name="",
        what="",
        jobs_per_second=1,
        peak=1,
        hours_a_month=1,
        jobs_per_submit=jobs_per_submit,
        reads_per_job=reads_per_job,
        records=records,
    )


def _dollars(shape: Shape, measured: Measurements, stage: Context, *, with_model: bool) -> dict[str, float]:
    usage = usage_of(shape, measured, stage.usage, with_model=with_model)
    found: dict[str, float] = {}
    for line in job_lines(Context(templates=stage.templates, prices=stage.prices, usage=usage)):
        found[line.group] = found.get(line.group, 0.0) + line.cost.likely
    return found
