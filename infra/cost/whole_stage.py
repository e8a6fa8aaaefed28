"""What an idle month costs that no single resource tells: shared pollers, metrics, samples, secrets that are read."""

import re
from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from typing import Any

from infra.cost.bill import GIGABYTE, MILLION, MINUTES_PER_HOUR, Context, Line
from infra.cost.templates import StageTemplates

POLLERS_PER_UNIT = 10
NAMESPACE = "SmartTaskQueue"
# Count, 4XXError, 5XXError, Latency, IntegrationLatency.
METRICS_PER_ROUTE = 5
# A sample takes one or two bytes once compressed, and is kept for five months.
BYTES_PER_SAMPLE = 2
MONTHS_KEPT = 5

_IN_A_DASHBOARD = re.compile(rf'\["{NAMESPACE}","(\w+)"((?:,"[^"]*")*)')


def stage_lines(context: Context) -> Iterator[Line]:
    """The lines. Raises UnknownPriceError."""
    yield from _pollers(context)
    yield from _metrics(context)
    yield from _prometheus(context)
    reads = context.usage.idle.secret_reads
    yield Line(
        group="Secrets",
        text=f"{reads:,.0f} reads of secrets",
        cost=context.prices.cost("secret-million-reads", reads / MILLION),
    )


def job_metrics(templates: StageTemplates) -> set[tuple[str, str]]:
    """The metrics of jobs that dashboards and alarms name, with their dimensions."""
    found = set()
    for dashboard in templates.of_kind("AWS::CloudWatch::Dashboard"):
        found.update(_IN_A_DASHBOARD.findall(_text(dashboard.properties["DashboardBody"])))
    for alarm in templates.of_kind("AWS::CloudWatch::Alarm"):
        queries = [
            query["MetricStat"]["Metric"] for query in alarm.properties.get("Metrics", ()) if "MetricStat" in query
        ]
        for metric in (alarm.properties, *queries):
            if metric.get("Namespace") == NAMESPACE:
                dimensions = [(d["Name"], d["Value"]) for d in metric.get("Dimensions", ())]
                found.add((metric["MetricName"], "".join(f',"{name}","{value}"' for name, value in sorted(dimensions))))
    return found


def _pollers(context: Context) -> Iterator[Line]:
    groups: dict[str, int] = defaultdict(int)
    for mapping in context.templates.of_kind("AWS::Lambda::EventSourceMapping"):
        if pollers := mapping.properties.get("ProvisionedPollerConfig"):
            groups[pollers.get("PollerGroupName", mapping.logical_id)] += int(pollers.get("MinimumPollers", 1))
    units = sum(ceil(pollers / POLLERS_PER_UNIT) for pollers in groups.values())
    if units:
        yield Line(
            group="Kafka",
            text=f"{units} event poller unit{'s' if units > 1 else ''} of Lambda",
            cost=context.prices.hourly("event-poller-unit-hour") * units,
        )


def _metrics(context: Context) -> Iterator[Line]:
    jobs = len(job_metrics(context.templates))
    yield Line(group="Watching", text=f"{jobs} metrics of jobs", cost=context.prices.cost("metric-month", jobs))
    routes = _routes_with_metrics(context)
    if routes:
        yield Line(
            group="Watching",
            text=f"{METRICS_PER_ROUTE} metrics of each of {routes} API route{'s' if routes > 1 else ''}",
            cost=context.prices.cost("metric-month", METRICS_PER_ROUTE * routes),
        )


def _routes_with_metrics(context: Context) -> int:
    """How many methods of the API have metrics of their own: all of them, or those that are named."""
    measured = [
        settings
        for stage in context.templates.of_kind("AWS::ApiGateway::Stage")
        for settings in stage.properties.get("MethodSettings", ())
        if settings.get("MetricsEnabled")
    ]
    if any(settings["ResourcePath"] == "/*" for settings in measured):
        methods = context.templates.of_kind("AWS::ApiGateway::Method")
        return sum(method.properties["HttpMethod"] != "OPTIONS" for method in methods)
    return len(measured)


def _prometheus(context: Context) -> Iterator[Line]:
    samples = context.usage.idle.exported_series * context.prices.hours_per_month * MINUTES_PER_HOUR
    for _ in context.templates.of_kind("AWS::APS::Workspace"):
        yield Line(
            group="Watching",
            text=f"Prometheus, {samples / MILLION:.1f} million samples",
            cost=context.prices.cost("prometheus-million-samples", samples / MILLION)
            + context.prices.cost("prometheus-storage-gigabyte", samples * BYTES_PER_SAMPLE * MONTHS_KEPT / GIGABYTE),
        )


def _text(body: Any) -> str:
    """A dashboard's body without the blanks, whatever it is made of; references do not matter here."""
    if isinstance(body, str):
        return body.replace('", "', '","')
    parts = body["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "reference" for part in parts)
