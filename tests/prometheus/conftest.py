"""One local cloud, a real Prometheus that scrapes it every second, and jobs of every fate in between."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.client import Caller, Tenant
from tests.e2e.cloud import UP_SECONDS, LocalCloud
from tests.e2e.waiting import wait_until
from tests.fakes.openai_server import FakeOpenAI
from tests.prometheus import made_up
from tests.prometheus.exporter import export
from tests.prometheus.readings import Readings
from tests.prometheus.server import PrometheusServer, find_tools
from tests.prometheus.story import Story, tell

if TYPE_CHECKING:
    from collections.abc import Iterator

MODEL_KEY = "a-key-for-the-fake-model"
# Scraped by Prometheus, written by the export function, and the two that are made up.
STAGES = ("local", "exported", "busy", "still")


@dataclass(frozen=True)
class World:
    """All that there is. at: a time, after everything, that all questions are asked for.

    metrics: what GET /metrics said then.
    """

    cloud: LocalCloud
    http: httpx2.Client
    server: PrometheusServer
    story: Story
    at: float
    metrics: str

    def readings(self, stage: str) -> Readings:
        """The raw samples of a stage."""
        return Readings(self.server, stage, self.at)

    def value(self, expression: str, **labels: str) -> float | None:
        """The single result of an expression among those with these labels; None if there is none."""
        answers = [one for one in self.server.query(expression, at=self.at) if labels.items() <= one.labels.items()]
        assert len(answers) <= 1, f"{expression}: {answers}"
        return answers[0].value if answers else None


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LocalCloud, FakeOpenAI]]:
    """A local cloud of our own, with a fake AI model beside it."""
    # Before the cloud, so that a machine without Prometheus says so at once.
    find_tools()
    with FakeOpenAI(api_key=MODEL_KEY) as model:
        local = LocalCloud.configure(
            tmp_path_factory.mktemp("cloud"),
            SMARTQUEUE_OPENAI_API_KEY=MODEL_KEY,
            SMARTQUEUE_OPENAI_BASE_URL=model.base_url,
        )
        try:
            local.run("up", seconds=UP_SECONDS)
            yield local, model
        finally:
            local.run("down")
    wait_until(lambda: not local.processes(), "the end of every process of the cloud", seconds=10)


@pytest.fixture(scope="session")
def world(cloud: tuple[LocalCloud, FakeOpenAI], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Everything has happened, and both ways into Prometheus have brought it there."""
    local, model = cloud
    url = f"{local.endpoints.api_url}/metrics"
    server = PrometheusServer(
        tmp_path_factory.mktemp("prometheus"), metrics_url=url, credential=local.scrape_credential(), stage="local"
    )
    with httpx2.Client(base_url=f"{local.endpoints.api_url}/", timeout=30) as http, server:
        # The counters are seen at zero first: what happens before the first look would be no increase.
        wait_until(lambda: server.query('up{stage="local"} == 1'), "the first scrape", seconds=60)
        first = export(local, stage="exported", remote_write_url=server.remote_write_url)
        assert first.returncode == 0, first.stderr
        story = tell(Tenant.found(Caller(http)), local, http, model)
        second = export(local, stage="exported", remote_write_url=server.remote_write_url)
        assert second.returncode == 0, second.stderr
        made_up.write(server.remote_write_url)
        ended = time.time()

        def look() -> float | None:
            """A moment when the last scrape was answered, after everything."""
            # To the millisecond, as Prometheus counts.
            now = round(time.time(), 3)
            seen = Readings(server, "local", now)
            return now if seen.value("up") and seen.taken_at("up") > ended else None

        at = wait_until(look, "a scrape after everything")
        answer = http.get("metrics", headers={"Authorization": f"Bearer {local.scrape_credential()}"})
        yield World(local, http, server, story, at, answer.text)
