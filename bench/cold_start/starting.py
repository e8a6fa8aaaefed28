"""Starting a function as Lambda starts it: a new interpreter, its package and the layer, and no other library."""

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.cold_start.packages import Package
from bench.environment import BenchError
from tests import first_use

INSIDE = Path(__file__).with_name("inside.py")
TIMEOUT_SECONDS = 60
# Enough for one look of the relay, which keeps three seconds back.
REMAINING_MS = {"relay": 3010}
_IMPORT_LINE = re.compile(r"import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)")


@dataclass(frozen=True, kw_only=True)
class Start:
    """What one start took, by step: `import`, then `clients` or `request`; each has `cpu_ms` and `wall_ms`."""

    steps: Mapping[str, Mapping[str, float]]
    answer: Any
    peak_mb: float
    modules: int
    packages: list[str]

    def cpu_ms(self, *steps: str) -> float:
        """Return the CPU of some steps together; of all, if none is named."""
        return sum(self.steps[step]["cpu_ms"] for step in steps or self.steps)

    def wall_ms(self, *steps: str) -> float:
        """Return the same by the clock on the wall."""
        return sum(self.steps[step]["wall_ms"] for step in steps or self.steps)


@dataclass(frozen=True, kw_only=True)
class Starter:
    """Starts one function again and again."""

    name: str
    package: Package
    variables: Mapping[str, str]
    folder: Path

    def start(self, event: object = None) -> Start:
        """Start it to make its clients, or to serve an event. Raises BenchError."""
        return self._run(event)[0]

    def heaviest_imports(self, event: object = None, *, count: int = 12) -> dict[str, float]:
        """Return the libraries that take the longest to load, in ms of their own modules (`-X importtime`).

        These times are longer than without the instrument, which writes a line for every module.
        """
        own: Counter[str] = Counter()
        for microseconds, module in _IMPORT_LINE.findall(self._run(event, "-X", "importtime")[1]):
            own[module.partition(".")[0]] += int(microseconds)
        return {library: round(of / 1e3, 1) for library, of in own.most_common(count)}

    def _run(self, event: object, *options: str) -> tuple[Start, str]:
        answer_file = self.folder / f"cold-start-{self.name}.json"
        answer_file.unlink(missing_ok=True)
        order = {
            "name": self.name,
            "function": str(self.package.function),
            "layer": str(self.package.layer / "python"),
            "variables": dict(self.variables),
            "first_use": first_use.__file__,
            "answer_file": str(answer_file),
            "remaining_ms": REMAINING_MS.get(self.name, 60_000),
            **({} if event is None else {"event": event}),
        }
        process = subprocess.run(
            [sys.executable, "-I", "-S", *options, str(INSIDE)],
            input=json.dumps(order),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
        if process.returncode != 0:
            raise BenchError(f"{self.name} did not start: {process.stderr[-2000:]}")
        return Start(**json.loads(answer_file.read_text("utf-8"))), process.stderr
