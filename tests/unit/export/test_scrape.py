"""One look at GET /metrics."""

import time

import httpx2
import pytest

from functions.export.scrape import Scrape, scrape
from functions.metrics.exposition import render
from smartqueue.metrics import DURATION, DURATION_BUCKETS_SECONDS, SHARED_GAUGES, Counter, Gauge
from smartqueue.store.attempts import Gauges

LABELS = {"job": "smartqueue", "stage": "prod"}
TEXT = render(
    {"jobs_created_total": "12345678"},
    {"0.01": "2", "0.5": "3", "sum": "1.75"},
    Gauges(active_jobs=3, dead_jobs=1, outbox_backlog=2, oldest_pending_seconds=1.5, oldest_dead_seconds=3600),
    dict.fromkeys(SHARED_GAUGES, "0"),
)


def look(answer: httpx2.Response | Exception, *, path: str = "/v1/metrics") -> Scrape:
    def handle(request: httpx2.Request) -> httpx2.Response:
        assert (request.method, request.url.path) == ("GET", path)
        assert request.headers["Authorization"] == "Bearer s3cret"
        if isinstance(answer, Exception):
            raise answer
        return answer

    with httpx2.Client(transport=httpx2.MockTransport(handle)) as client:
        return scrape(client, f"https://api.example.com{path}", credential="s3cret", stage="prod")


def test_every_number_becomes_a_series_of_the_job_and_the_stage() -> None:
    before = time.time()
    seen = look(httpx2.Response(200, text=TEXT))
    assert seen.failure is None
    assert before <= seen.began <= time.time()
    assert all(series.labels.items() >= LABELS.items() for series in seen.series)
    values = {series.name: series.value for series in seen.series if series.labels == LABELS}
    assert values["jobs_created_total"] == 12_345_678
    assert values["dlq_size"] == 1
    assert values["up"] == 1
    assert values["scrape_duration_seconds"] == seen.duration_seconds > 0
    histogram = {f"{DURATION}_count", f"{DURATION}_sum"}
    assert values.keys() == {*Counter, *Gauge, *histogram, "up", "scrape_duration_seconds"}


def test_the_histogram_keeps_its_buckets() -> None:
    seen = look(httpx2.Response(200, text=TEXT))
    buckets = {series.labels["le"]: series.value for series in seen.series if series.name == f"{DURATION}_bucket"}
    assert buckets.keys() == {*map(str, DURATION_BUCKETS_SECONDS), "+Inf"}
    assert (buckets["0.01"], buckets["0.25"], buckets["0.5"], buckets["+Inf"]) == (2, 2, 5, 5)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (httpx2.Response(401, text="Send the scrape credential"), "answered 401: Send the scrape credential"),
        (httpx2.Response(503, text="The counters cannot be read just now."), "answered 503: The counters"),
        (httpx2.Response(302, headers={"Location": "https://elsewhere.example.com"}), "answered 302"),
        (httpx2.Response(200, text="<html>a proxy's page</html>"), "cannot be read"),
        (httpx2.ConnectTimeout("too slow"), "not answered: ConnectTimeout: too slow"),
        (httpx2.ReadError("reset"), "not answered: ReadError: reset"),
    ],
)
def test_a_failed_look_is_the_one_thing_to_tell(answer: httpx2.Response | Exception, said: str) -> None:
    seen = look(answer)
    assert said in str(seen.failure)
    assert "s3cret" not in str(seen.failure)
    assert [(series.name, series.labels) for series in seen.series] == [
        ("up", LABELS),
        ("scrape_duration_seconds", LABELS),
    ]
    assert seen.series[0].value == 0
