"""The Grafana board as a file: importable, complete, and free of what only one installation has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.cdk.settings import ModelSettings
from smartqueue.metrics import DURATION, Counter, Gauge
from tests.prometheus.board import board, metrics_in, prices, queries, variable
from tests.prometheus.conftest import STAGES

if TYPE_CHECKING:
    from tests.prometheus.conftest import World

ORIGINAL = {
    *("Jobs created/min", "Jobs failed/min", "Processing latency p95 and p50", "Failure rate %", "Active jobs"),
    *("DLQ size", "Jobs completed total", "Cache hit rate %", "Retries/min"),
}


def test_the_originals_nine_panels_are_there() -> None:
    assert {panel["title"] for panel in board()["panels"]} >= ORIGINAL


def test_no_metric_is_without_a_panel() -> None:
    shown = set().union(*(metrics_in(query.expression) for query in queries("local")))
    histogram = {f"{DURATION}_{part}" for part in ("bucket", "count", "sum")}
    assert shown == {*Counter, *Gauge, *histogram, "up", "scrape_duration_seconds"}


def test_any_data_source_can_be_chosen() -> None:
    assert (variable("datasource")["type"], variable("datasource")["query"]) == ("datasource", "prometheus")
    for panel in board()["panels"]:
        for holder in (panel, *panel["targets"]):
            assert holder["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_every_stage_can_be_chosen(world: World) -> None:
    assert variable("stage")["query"]["query"] == 'label_values(up{job="smartqueue"},stage)'
    found = world.server.get("label/stage/values", **{"match[]": 'up{job="smartqueue"}'})
    assert set(found) >= set(STAGES)


def test_prices_begin_as_they_are_set_for_the_stages() -> None:
    settings = ModelSettings()
    assert prices() == {
        "input": settings.dollars_per_million_input_tokens,
        "output": settings.dollars_per_million_output_tokens,
    }


def test_panels_do_not_overlap_and_can_be_told_apart() -> None:
    panels = board()["panels"]
    assert len({panel["id"] for panel in panels}) == len({panel["title"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_a_rate_covers_four_scrapes_of_the_exporter() -> None:
    # Grafana takes four times this as the shortest $__rate_interval.
    assert {target["interval"] for panel in board()["panels"] for target in panel["targets"]} == {"1m"}
