"""Failpoints do what an order says, once, and only where breaking things is allowed."""

import multiprocessing
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartqueue.errors import SettingsError
from smartqueue.failpoints import arm, boundary, reach
from smartqueue.settings import StageSettings


@pytest.fixture(autouse=True)
def armed(tmp_path: Path) -> Iterator[Path]:
    arm(tmp_path, function="process")
    yield tmp_path
    arm(None, function="")


def test_an_order_is_carried_out_once(armed: Path) -> None:
    (armed / "process.move.before").write_text("error")
    with pytest.raises(ConnectionError, match=r"failpoint process\.move\.before"):
        reach("move.before", ConnectionError)
    reach("move.before", ConnectionError)


def test_an_order_to_another_function_or_point_is_left_alone(armed: Path) -> None:
    for name in ("submit.move.before", "process.move.after"):
        (armed / name).write_text("error")
    reach("move.before", ConnectionError)
    assert {path.name for path in armed.iterdir()} == {"submit.move.before", "process.move.after"}


def test_a_boundary_has_two_sides_and_the_second_is_behind_the_effect(armed: Path) -> None:
    done: list[str] = []
    for side in ("before", "after"):
        (armed / f"process.move.{side}").write_text("error")
        with pytest.raises(ConnectionError), boundary("move", ConnectionError):
            done.append(side)
    assert done == ["after"]


def test_a_delay_goes_on_afterwards(armed: Path) -> None:
    (armed / "process.move.before").write_text("delay 0.05")
    started = time.monotonic()
    reach("move.before", ConnectionError)
    assert time.monotonic() - started >= 0.05


def test_a_crash_is_a_sigkill(armed: Path) -> None:
    (armed / "process.move.before").write_text("crash")
    process = multiprocessing.get_context("fork").Process(target=reach, args=("move.before", ConnectionError))
    process.start()
    process.join(20)
    assert process.exitcode == -signal.SIGKILL


def test_disarmed_points_look_nowhere(armed: Path) -> None:
    (armed / "process.move.before").write_text("error")
    arm(None, function="process")
    reach("move.before", ConnectionError)
    assert (armed / "process.move.before").exists()


@pytest.mark.parametrize("stage", ["dev", "prod", "staging", "Local"])
def test_a_deployed_stage_refuses_to_be_broken(stage: str) -> None:
    with pytest.raises(SettingsError, match=f"FAILPOINTS_FOLDER must not be set: this is the stage {stage}"):
        StageSettings.from_environment({"STAGE": stage, "FAILPOINTS_FOLDER": "/tmp/orders"})
    assert StageSettings.from_environment({"STAGE": stage}).failpoints_folder is None
