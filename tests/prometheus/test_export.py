"""The export function against the real API and a real receiver."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.prometheus.exporter import export

if TYPE_CHECKING:
    from tests.prometheus.conftest import World

OWN = {"up", "scrape_duration_seconds"}


def test_what_it_wrote_is_what_the_api_says(world: World) -> None:
    wanted = {
        (sample.name, sample.labels.get("le", "")): sample.value
        for family in text_string_to_metric_families(world.metrics)
        for sample in family.samples
    }
    answers = world.server.query('{job="smartqueue", stage="exported"}', at=world.at)
    found = {(one.labels["__name__"], one.labels.get("le", "")): one.value for one in answers}
    assert {name for name, _ in found.keys() - wanted.keys()} == OWN
    assert found["up", ""] == 1
    assert 0 < found["scrape_duration_seconds", ""] < 10
    # Time goes on between the two looks.
    age = ("oldest_dead_letter_age_seconds", "")
    assert found.pop(age) == pytest.approx(wanted.pop(age), abs=10)
    assert {key: found[key] for key in wanted} == wanted


def test_a_scrape_that_fails_is_written_as_down(world: World) -> None:
    failed = export(
        world.cloud, stage="refused", remote_write_url=world.server.remote_write_url, metrics_path="no-such-page"
    )
    assert failed.returncode != 0
    assert "ScrapeError" in failed.stderr
    assert world.cloud.scrape_credential() not in failed.stderr + failed.stdout
    assert {one.labels["__name__"]: one.value for one in world.server.query('{stage="refused", __name__="up"}')} == {
        "up": 0
    }


def test_what_the_receiver_refuses_is_an_error_in_its_words(world: World) -> None:
    refused = export(world.cloud, stage="nowhere", remote_write_url=f"{world.server.url}/api/v1/query")
    assert refused.returncode != 0
    assert "RemoteWriteError: The remote write was answered 4" in refused.stderr
    assert world.cloud.scrape_credential() not in refused.stderr + refused.stdout
