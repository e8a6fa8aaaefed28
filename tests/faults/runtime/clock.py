"""A wrong clock for one process: whatever asks Python what time it is gets an answer that is off."""

import datetime as real
import sys
import time
from typing import Any, Self


def skew_clock(seconds: float) -> None:
    """Put the wall clock of this process wrong; monotonic clocks, timeouts and other processes stay right."""
    true_time, true_time_ns = time.time, time.time_ns
    time.time = lambda: true_time() + seconds
    time.time_ns = lambda: true_time_ns() + int(seconds * 1e9)
    original = real.datetime

    class SkewedDatetime(original):  # type: ignore[misc,valid-type]
        """What modules imported as `datetime` before."""

        @classmethod
        def now(cls, tz: real.tzinfo | None = None) -> Self:
            """Return the wrong time."""
            return original.now(tz) + real.timedelta(seconds=seconds)  # type: ignore[return-value]

    for module in list(sys.modules.values()):
        names: dict[str, Any] = getattr(module, "__dict__", {})
        if module is not real and names.get("datetime") is original and _is_ours(module.__name__):
            names["datetime"] = SkewedDatetime
        if names.get("time") is true_time:
            names["time"] = time.time


def _is_ours(module: str) -> bool:
    # Libraries compare types of values with the class they know; ours only ask for the time.
    return module.startswith(("smartqueue.", "functions.")) or module == "jwt.api_jwt"
