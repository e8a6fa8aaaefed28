"""Whatever happens, in whatever order, jobs live as promised: histories.py has what happens, lifecycle.py how."""

import logging
import secrets
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.harness import Plane
from tests.model.histories import Histories
from tests.model.stage import Stage

BOUNDED = settings(max_examples=40, stateful_step_count=40)


@pytest.fixture
def stage(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    made = Stage(plane, monkeypatch)
    # Thousands of histories' logs would bury the one that matters, which Hypothesis prints.
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)
    made.close()


@pytest.mark.timeout(3600)
def test_jobs_live_as_promised(stage: Stage, request: pytest.FixtureRequest) -> None:
    given = request.config.getoption("--hypothesis-seed")
    number = secrets.randbelow(2**32) if given is None else int(given)
    print(f"to see the same again: pytest tests/model --hypothesis-seed={number}")  # noqa: T201
    Histories.stage = stage
    profile = settings.get_current_profile_name()
    chosen = settings.get_profile(profile) if profile in {"thorough", "brief"} else BOUNDED
    run_state_machine_as_test(
        seed(number)(Histories),
        settings=settings(
            chosen,
            deadline=None,
            database=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )
