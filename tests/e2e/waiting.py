"""Waiting for something to become true, within a bound."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


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
