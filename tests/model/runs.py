"""Runs of the real code that die, fail or stand still at a named place, one at a time.

A run has a thread of its own, so that it can stand still while others work. Nobody ever works at the same moment: what
happens is decided by the test alone, and is the same each time.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from smartqueue import failpoints

WAIT_SECONDS = 60.0
PREFIX = "run"
_own = threading.local()


class Crash(BaseException):
    """The end of a process: nothing in the service catches it."""

    def __init__(self, point: str) -> None:
        super().__init__(point)
        self.point = point


@dataclass(frozen=True)
class Break:
    """What happens where: action is crash, error or pause."""

    point: str
    action: str


class Run:
    """One call of the real code, begun at once. is_broken, is_paused: it came to the break; it stands still there."""

    def __init__(self, call: Callable[[], Any], breaking: Break | None) -> None:
        self.is_broken = False
        self.is_paused = False
        self._dies = False
        self.value: Any = None
        self.error: BaseException | None = None
        self._breaking = breaking
        self._call = call
        self._stopped = threading.Event()
        self._goes_on = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()
        self._wait()

    def resume(self, *, dies: bool = False) -> None:
        """Let it go on to its end, or die where it stands."""
        self._dies = dies
        self._stopped.clear()
        self._goes_on.set()
        self._wait()

    def _work(self) -> None:
        _own.run = self
        try:
            self.value = self._call()
        except BaseException as error:  # noqa: BLE001 - the test judges it
            self.error = error
        finally:
            self._stopped.set()

    def _wait(self) -> None:
        assert self._stopped.wait(WAIT_SECONDS), "a run neither ends nor stands still"
        if not self.is_paused:
            self._thread.join()

    def reach(self, point: str, error: Callable[[str], Exception]) -> None:
        """Break here, if this is the place."""
        if self._breaking is None or self.is_broken or self._breaking.point != point:
            return
        self.is_broken = True
        if self._breaking.action == "crash":
            raise Crash(point)
        if self._breaking.action == "error":
            raise error(f"broken at {point}")
        self.is_paused = True
        self._stopped.set()
        assert self._goes_on.wait(WAIT_SECONDS), "nobody let the run go on"
        self.is_paused = False
        if self._dies:
            raise Crash(point)


def break_in_runs(patch: pytest.MonkeyPatch) -> None:
    """Let failpoints ask the run of their thread what to do, and no folder."""

    def obey(order: Path, error: Callable[[str], Exception]) -> None:
        run = getattr(_own, "run", None)
        if run is not None:
            run.reach(order.name.removeprefix(f"{PREFIX}."), error)

    patch.setattr(failpoints, "_folder", Path("/nowhere"))
    patch.setattr(failpoints, "_function", PREFIX)
    patch.setattr(failpoints, "_obey", obey)
