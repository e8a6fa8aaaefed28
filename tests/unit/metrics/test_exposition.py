"""The Prometheus text."""

from prometheus_client.parser import text_string_to_metric_families

from functions.metrics.exposition import CONTENT_TYPE, render
from smartqueue.metrics import DURATION, DURATION_BUCKETS_SECONDS, Counter, Gauge
from smartqueue.store.attempts import Gauges

GAUGES = Gauges(active_jobs=3, dead_jobs=1, outbox_backlog=2, oldest_pending_seconds=1.5, oldest_dead_seconds=3600)


MEASURED = {"jobs_unaccounted": "4.0", "audit_problems": "0"}


def test_every_metric_is_there_with_its_type_and_help_even_at_zero() -> None:
    families = {f.name: f for f in text_string_to_metric_families(render({}, {}, GAUGES, MEASURED))}
    for counter in Counter:
        family = families[counter.removesuffix("_total")]
        assert family.type == "counter"
        assert [(sample.name, sample.value) for sample in family.samples] == [(counter.value, 0)]
    assert {gauge: families[gauge].samples[0].value for gauge in Gauge} == {
        Gauge.ACTIVE_JOBS: 3,
        Gauge.DLQ_SIZE: 1,
        Gauge.OUTBOX_BACKLOG: 2,
        Gauge.OLDEST_PENDING: 1.5,
        Gauge.OLDEST_DEAD_LETTER: 3600,
        Gauge.JOBS_UNACCOUNTED: 4,
        Gauge.AUDIT_PROBLEMS: 0,
    }
    assert families[DURATION].type == "histogram"
    assert all(family.documentation for family in families.values())
    assert len(families) == len(Counter) + len(Gauge) + 1


def test_what_nobody_measured_is_not_called_zero() -> None:
    families = {f.name for f in text_string_to_metric_families(render({}, {}, GAUGES))}
    assert families.isdisjoint(MEASURED)


def test_buckets_add_up_to_the_count() -> None:
    histogram = {"0.01": "2", "0.5": "3", "+Inf": "1", "sum": "75.5"}
    families = {f.name: f for f in text_string_to_metric_families(render({}, histogram, GAUGES))}
    samples = {sample.labels.get("le", sample.name): sample.value for sample in families[DURATION].samples}
    assert samples["0.01"] == 2
    assert samples["0.25"] == 2
    assert samples["0.5"] == samples["60.0"] == 5
    assert samples["+Inf"] == samples[f"{DURATION}_count"] == 6
    assert samples[f"{DURATION}_sum"] == 75.5
    assert len(samples) == len(DURATION_BUCKETS_SECONDS) + 3


def test_numbers_come_through_as_they_were_counted() -> None:
    counters = {"jobs_created_total": "12345678", "no_metric_of_ours": "1"}
    text = render(counters, {}, GAUGES)
    assert "jobs_created_total 1.2345678e+07" in text
    assert "no_metric_of_ours" not in text
    assert CONTENT_TYPE.startswith("text/plain")
