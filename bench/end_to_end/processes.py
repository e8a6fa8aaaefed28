"""How much of the machine's processors each part of the local cloud used."""

import os
import re
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import psutil

from tests.e2e.cloud import LocalCloud

# The name of the folder that the emulator makes for each execution environment.
_ENVIRONMENT = re.compile(r"ministack-lambda-smartqueue-local-([a-z]+)-")
_PARTS = {
    "emulator": re.compile(r"lambda-runtime/bin/ministack"),
    "trigger": re.compile(r"-m localstack\.trigger"),
    "metrics": re.compile(r"-m localstack\.emf"),
    "kafka-store": re.compile(r"objectstore\.py"),
    "kafka": re.compile(r"tansu broker"),
    "valkey": re.compile(r"valkey"),
    "postgres": re.compile(r"postgres"),
}
CLIENT = "client"


@dataclass(frozen=True)
class Usage:
    """Processors used on average, by part, and by everything on the machine; functions by their names."""

    cores: dict[str, float]
    machine: float


class Watch:
    """Measures from when it is made."""

    def __init__(self, cloud: LocalCloud) -> None:
        self._cloud = cloud
        self._began = time.monotonic()
        self._busy = _busy_seconds()
        self._before = dict(self._times())

    def usage(self) -> Usage:
        """Return what was used since."""
        seconds = time.monotonic() - self._began
        cores: dict[str, float] = defaultdict(float)
        for (_, part), used in self._times():
            cores[part] += used
        for (_, part), used in self._before.items():
            cores[part] -= used
        return Usage(
            cores={part: used / seconds for part, used in sorted(cores.items())},
            machine=(_busy_seconds() - self._busy) / seconds,
        )

    def _times(self) -> Iterator[tuple[tuple[int, str], float]]:
        for process in self._cloud.processes():
            try:
                part = _part(" ".join(process.cmdline()) or process.name())
                yield (process.pid, part), _seconds(process)
            except psutil.NoSuchProcess:
                continue
        yield (os.getpid(), CLIENT), _seconds(psutil.Process())


def _part(command: str) -> str:
    if environment := _ENVIRONMENT.search(command):
        return environment[1]
    return next((part for part, pattern in _PARTS.items() if pattern.search(command)), "other")


def _seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _busy_seconds() -> float:
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
