"""The alarms of the real stage, and a local cloud that has had a bad day."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2
import pytest

from localstack.deploy import source_hash
from localstack.up import EMBEDDED_CONTEXT
from tests.alarms.day import Day
from tests.alarms.faults import Faults
from tests.alarms.meters import GatewayMeter, LagMeter, ScheduleMeter
from tests.alarms.readings import Readings
from tests.alarms.template import read_alarms
from tests.e2e.client import Caller
from tests.e2e.cloud import UP_SECONDS, LocalCloud
from tests.e2e.waiting import wait_until
from tests.fakes.openai_server import FakeOpenAI

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.alarms.evaluation import Alarm

MODEL_KEY = "a-key-for-the-fake-model"

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")


@pytest.fixture(scope="session")
def alarms(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Alarm]:
    """The alarms of the real stage by name."""
    # Loads half a second of CDK, which tests of the arithmetic can do without.
    from infra.cdk.app import add_stacks  # noqa: PLC0415
    from infra.cdk.stages import PROD  # noqa: PLC0415
    from tests.infra.conftest import synthesised  # noqa: PLC0415

    return read_alarms(synthesised(tmp_path_factory.mktemp("prod"), PROD, add_stacks, bundle=False))


@pytest.fixture(scope="session")
def day(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A cloud of its own, after its bad day; then down, with nothing of it left running."""
    with FakeOpenAI(api_key=MODEL_KEY) as model, _up(tmp_path_factory.mktemp("cloud"), model, request) as cloud:
        where = cloud.endpoints
        gateway = GatewayMeter(where.aws)
        with httpx2.Client(base_url=f"{where.api_url}/", timeout=30, transport=gateway) as http:
            lived = Day(
                cloud=cloud,
                faults=Faults(cloud),
                alarms=request.getfixturevalue("alarms"),
                readings=Readings(where.aws),
                gateway=gateway,
                schedule=ScheduleMeter(where.aws, "relay"),
                lag=LagMeter(cloud),
                model=model,
                anonymous=Caller(http),
            )
            lived.live()
        yield lived


def _synthesise(home: Path) -> None:
    """Put the app where the command looks for one that it made earlier: here it takes a third of the time."""
    from infra.cdk.app import add_stacks  # noqa: PLC0415
    from infra.cdk.stages import LOCAL  # noqa: PLC0415
    from tests.infra.conftest import synthesised  # noqa: PLC0415

    fingerprint = source_hash(extra=json.dumps(EMBEDDED_CONTEXT, sort_keys=True))
    synthesised(home / "assemblies" / fingerprint, LOCAL, add_stacks, bundle=True)


@contextmanager
def _up(home: Path, model: FakeOpenAI, request: pytest.FixtureRequest) -> Iterator[LocalCloud]:
    _synthesise(home)
    cloud = LocalCloud.configure(home, SMARTQUEUE_OPENAI_API_KEY=MODEL_KEY, SMARTQUEUE_OPENAI_BASE_URL=model.base_url)
    try:
        with ThreadPoolExecutor(1) as pool:
            starting = pool.submit(cloud.run, "up", seconds=UP_SECONDS)
            # Both take their time, and neither needs the other.
            request.getfixturevalue("alarms")
            starting.result()
        yield cloud
    finally:
        cloud.run("down")
    wait_until(lambda: not cloud.processes(), "the end of every process of the cloud", seconds=10)
