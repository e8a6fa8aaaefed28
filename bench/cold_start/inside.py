"""Runs in a new interpreter, started with `-I -S`, that sees one function's package, the layer and nothing else.

Reads what to do as JSON from its standard input; writes what it took as JSON to the file that it is told.
"""

import importlib
import json
import os
import runpy
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def main(order: dict[str, Any]) -> None:
    """Import the handler; then make its clients, or serve a request."""
    sys.path[:] = [order["function"], order["layer"], *(path for path in sys.path if "site-packages" not in path)]
    os.environ.clear()
    os.environ.update(order["variables"])
    first_clients = runpy.run_path(order["first_use"])["first_clients"]
    steps = {}
    clock = _Clock()
    handler = importlib.import_module(f"functions.{order['name']}.handler")
    steps["import"] = clock.read()
    if "event" in order:
        answer = handler.lambda_handler(order["event"], _context(order))
        steps["request"] = clock.read()
    else:
        answer = None
        for make in first_clients(handler):
            make()
        steps["clients"] = clock.read()
    told = {
        "steps": steps,
        "answer": answer,
        "peak_mb": _peak_megabytes(),
        "modules": len(sys.modules),
        "packages": sorted({name.partition(".")[0] for name in sys.modules}),
    }
    Path(order["answer_file"]).write_text(json.dumps(told), "utf-8")


class _Clock:
    """Time since the last look, in milliseconds: of the processor, and of the wall."""

    def __init__(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def read(self) -> dict[str, float]:
        cpu, wall = time.process_time(), time.perf_counter()
        told = {"cpu_ms": 1e3 * (cpu - self._cpu), "wall_ms": 1e3 * (wall - self._wall)}
        self._cpu, self._wall = time.process_time(), time.perf_counter()
        return told


def _context(order: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(
        aws_request_id="1",
        function_name=order["name"],
        memory_limit_in_mb=512,
        invoked_function_arn=f"arn:aws:lambda:us-east-1:000000000000:function:{order['name']}",
        get_remaining_time_in_millis=lambda: int(order["remaining_ms"]),
    )


def _peak_megabytes() -> float:
    """Return this program's own peak; getrusage would tell that of whoever started it, if it was bigger."""
    line = next(text for text in Path("/proc/self/status").read_text("utf-8").splitlines() if text.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main(json.load(sys.stdin))
