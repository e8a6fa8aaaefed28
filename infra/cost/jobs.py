"""What a million jobs cost beyond the fixed cost, by what is paid for."""

from collections.abc import Iterator
from dataclasses import dataclass

from infra.cost.bill import GIGABYTE, HOURS_PER_DAY, MILLION, Context, Line
from infra.cost.prices import Money
from infra.cost.templates import architecture, gigabytes, megabytes

JOBS = MILLION
MILLISECONDS = 1000
# Functions and brokers are spread over three zones alike: so much of their talk leaves its zone.
CROSSING = 2 / 3


@dataclass(frozen=True, kw_only=True)
class Calls:
    """Of one function: how many, and what each is billed for."""

    name: str
    number: float
    milliseconds: float
    gigabytes: float
    architecture: str

    @property
    def gigabyte_seconds(self) -> float:
        """Of all of them."""
        return self.number * self.milliseconds / MILLISECONDS * self.gigabytes


def job_lines(context: Context) -> list[Line]:
    """The lines for a million jobs. Raises UnknownPriceError, LookupError."""
    return [*_requests(context), *_functions(context), *_data(context), *_logs(context), *_model(context)]


def _requests(context: Context) -> Iterator[Line]:
    job, prices = context.usage.job, context.prices
    millions = JOBS * job.requests / MILLION
    yield _line("API", f"{millions:g} million requests", prices.cost("api-million-requests", millions))
    if any(context.templates.of_kind("AWS::WAFv2::WebACL")):
        yield _line("API", "the firewall's look at them", prices.cost("firewall-million-requests", millions))
    yield _line("API", "traces", prices.cost("trace-million", millions * job.trace_share))


def calls_of_functions(context: Context) -> Iterator[Calls]:
    """Tell how often a million jobs call each function, and for how long. Raises LookupError."""
    job = context.usage.job
    # A ticket makes two records that both consumers read: when it is created, and when it is classified.
    deliveries = 2 * JOBS * job.attempts / job.batch
    for name, number, busy in (
        ("submit", JOBS * job.submits, job.submit),
        ("query", JOBS * job.reads, job.query),
        ("authorizer", JOBS * job.requests * job.authorizer_share, job.authorizer),
        ("process", deliveries, job.process),
        ("classify", deliveries, job.classify),
    ):
        function = context.templates.function(name)
        yield Calls(
            name=name,
            number=number,
            milliseconds=busy.billed_milliseconds(megabytes(function)),
            gigabytes=gigabytes(function),
            architecture=architecture(function),
        )


def _functions(context: Context) -> Iterator[Line]:
    for calls in calls_of_functions(context):
        cost = context.prices.cost(f"lambda-gigabyte-second/{calls.architecture}", calls.gigabyte_seconds)
        yield _line(
            "Lambda",
            f"{calls.name}, {calls.number:,.0f} times {calls.milliseconds:.1f} ms with {calls.gigabytes * 1024:g} MB",
            cost + context.prices.cost("lambda-million-requests", calls.number / MILLION),
        )


def _data(context: Context) -> Iterator[Line]:
    job, prices = context.usage.job, context.prices
    traffic = JOBS * job.events * job.event_bytes / GIGABYTE
    moved = traffic * (1 + job.event_reads) * CROSSING
    yield _line("Kafka", f"{moved:.1f} GB between zones", prices.cost("cross-zone-gigabyte", moved))
    yield from _rows(context, "jobs", JOBS * job.row_bytes / GIGABYTE, "RETENTION_JOBS_DAYS")
    yield from _rows(context, "audit rows", JOBS * job.audit_bytes / GIGABYTE, "RETENTION_AUDIT_DAYS")
    out = JOBS * job.internet_bytes / GIGABYTE
    if any(context.templates.of_kind("AWS::EC2::NatGateway")):
        yield _line("Network", f"{out:.1f} GB through NAT gateways", prices.cost("nat-gigabyte", out))


def _rows(context: Context, what: str, stored: float, variable: str) -> Iterator[Line]:
    """Gigabytes on the database's disks, for as long as the relay is told to keep them."""
    disks = sum(2 if d.properties.get("MultiAZ") else 1 for d in context.templates.of_kind("AWS::RDS::DBInstance"))
    days = _kept_days(context, variable)
    months = days * HOURS_PER_DAY / context.prices.hours_per_month if days else 1
    yield _line(
        "PostgreSQL",
        f"{stored:.1f} GB of {what}, " + (f"kept for {days} days" if days else "for each month that they are kept"),
        context.prices.cost("rds-storage-gigabyte", stored * disks * months),
    )


def _kept_days(context: Context, variable: str) -> int:
    if not context.templates.has_function("relay"):
        return 0
    return int(context.templates.function("relay")["Environment"]["Variables"].get(variable, 0))


def _logs(context: Context) -> Iterator[Line]:
    job = context.usage.job
    written = JOBS * (job.requests * job.request_log_bytes + 2 * job.job_log_bytes) / GIGABYTE
    if any(stage.properties.get("AccessLogSetting") for stage in context.templates.of_kind("AWS::ApiGateway::Stage")):
        written += JOBS * job.requests * job.access_log_bytes / GIGABYTE
    cost = context.prices.cost("log-gigabyte-in", written) + context.prices.cost("log-gigabyte-month", written)
    yield _line("Logs", f"{written:.1f} GB", cost)


def _model(context: Context) -> Iterator[Line]:
    job, prices = context.usage.job, context.prices
    asked = JOBS * job.ai_share / MILLION
    yield Line(
        group="AI model",
        text=f"{asked:g} million tickets, {job.ai_input_tokens:g} tokens in and {job.ai_output_tokens:g} out each",
        cost=prices.cost("ai-million-input-tokens", asked * job.ai_input_tokens)
        + prices.cost("ai-million-output-tokens", asked * job.ai_output_tokens),
    )


def _line(group: str, text: str, cost: Money) -> Line:
    return Line(group=group, text=text, cost=cost)
