"""Time in tests: waiting for something to become true within a bound, and doing things at the same moment."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def wait_until[Found](look: Callable[[], Found | None], what: str, *, seconds: float = 30, pause: float = 0.1) -> Found:
    """Look until something true comes back and return it; fail with `what` did not come when the time is over."""
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > deadline:
            pytest.fail(f"{what}: not within {seconds:g} seconds, last seen: {found!r}")
        time.sleep(pause)


def at_once[Given, Result](action: Callable[[Given], Result], given: Sequence[Given]) -> list[Result]:
    """Call `action` with everything given, each in a thread of its own and all starting together."""
    start = Barrier(len(given))

    def run(one: Given) -> Result:
        start.wait(10)
        return action(one)

    with ThreadPoolExecutor(len(given)) as pool:
        return list(pool.map(run, given))
