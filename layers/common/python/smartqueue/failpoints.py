"""Failpoints: named places, at every boundary that an effect crosses, where a crash test can break a function.

An order is a file `<function>.<point>` in the folder of the setting FAILPOINTS_FOLDER, which no deployed stage takes.
Its text says what to do: `crash`, `error`, or `hang 30` and `delay 1.5` with seconds. The first process to get there
takes the file away, so that each order is carried out once, whatever is restarted meanwhile.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

# An order that was carried out stays in the folder under its name and this.
TAKEN = ".taken"

_folder: Path | None = None
_function = ""


def arm(folder: Path | None, *, function: str) -> None:
    """Look for orders to `function` in `folder` from now on; None: never look, as everywhere but in crash tests."""
    global _folder, _function
    _folder, _function = folder, function


def reach(point: str, error: Callable[[str], Exception]) -> None:
    """Carry out the order for this point, if there is one. error: what a failure of this kind raises here."""
    if _folder is not None:
        _obey(_folder / f"{_function}.{point}", error)


@contextmanager
def boundary(point: str, error: Callable[[str], Exception]) -> Iterator[None]:
    """Reach `<point>.before` and `<point>.after` around an effect; the second only if it was had."""
    reach(f"{point}.before", error)
    yield
    reach(f"{point}.after", error)


def _obey(order: Path, error: Callable[[str], Exception]) -> None:
    taken = order.with_name(order.name + TAKEN)
    try:
        order.rename(taken)
    except FileNotFoundError:
        return
    action, _, seconds = taken.read_text("utf-8").partition(" ")
    if action == "crash":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "error":
        raise error(f"failpoint {order.name}")
    time.sleep(float(seconds))
