"""What a million jobs cost beyond the fixed cost, by what is paid for."""

from collections.abc import Iterator

from infra.cost.bill import GIGABYTE, MILLION, Context, Line
from infra.cost.prices import Money
from infra.cost.templates import architecture, gigabytes

JOBS = MILLION
MILLISECONDS = 1000
# Functions and brokers are spread over three zones alike: so much of their talk leaves its zone.
CROSSING = 2 / 3


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


def _functions(context: Context) -> Iterator[Line]:
    job = context.usage.job
    batches = JOBS * job.attempts / job.batch
    # The processor sees a ticket twice: when it is created, and when it is classified.
    for name, calls, milliseconds in (
        ("submit", JOBS * job.submits, job.submit_milliseconds),
        ("query", JOBS * job.reads, job.query_milliseconds),
        ("authorizer", JOBS * job.requests * job.authorizer_share, job.authorizer_milliseconds),
        ("process", 2 * batches, job.process_milliseconds),
        ("classify", JOBS / job.batch, job.classify_milliseconds),
    ):
        function = context.templates.function(name)
        busy = calls * milliseconds / MILLISECONDS * gigabytes(function)
        cost = context.prices.cost(f"lambda-gigabyte-second/{architecture(function)}", busy)
        yield _line(
            "Lambda",
            f"{name}, {calls:,.0f} times {milliseconds:g} ms with {function.get('MemorySize', 128)} MB",
            cost + context.prices.cost("lambda-million-requests", calls / MILLION),
        )


def _data(context: Context) -> Iterator[Line]:
    job, prices = context.usage.job, context.prices
    traffic = JOBS * job.events * job.event_bytes / GIGABYTE
    moved = traffic * (1 + job.event_reads) * CROSSING
    yield _line("Kafka", f"{moved:.1f} GB between zones", prices.cost("cross-zone-gigabyte", moved))
    rows = JOBS * job.row_bytes / GIGABYTE
    yield _line(
        "PostgreSQL",
        f"{rows:.1f} GB of rows, for each month that they are kept",
        Money.total(
            prices.cost("rds-storage-gigabyte", rows * (2 if database.properties.get("MultiAZ") else 1))
            for database in context.templates.of_kind("AWS::RDS::DBInstance")
        ),
    )
    out = JOBS * job.internet_bytes / GIGABYTE
    if any(context.templates.of_kind("AWS::EC2::NatGateway")):
        yield _line("Network", f"{out:.1f} GB through NAT gateways", prices.cost("nat-gigabyte", out))


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
