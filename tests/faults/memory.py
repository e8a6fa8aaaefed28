"""The memory of every process of a laboratory over time."""

import statistics
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import psutil

from tests.faults.lab import Lab

LOOK_SECONDS = 3.0
MEGABYTE = 1024 * 1024
# A process that lived shorter than this part of the time tells nothing of growth.
LEAST_LIFE = 0.8
# Caches of connections and code fill in the first part; from then on it must be flat.
WARM_UP = 0.4
ALLOWED_GROWTH = 1.15
ALLOWED_MEGABYTES = 16.0


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One process: its resident memory in megabytes after warming up, and at the end."""

    name: str
    pid: int
    before: float
    after: float

    @property
    def is_flat(self) -> bool:
        """Whether it grew by no more than noise."""
        return self.after <= max(self.before * ALLOWED_GROWTH, self.before + ALLOWED_MEGABYTES)


class MemoryWatch:
    """A context manager that looks every few seconds."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._samples: dict[tuple[int, str], list[tuple[float, float]]] = {}
        self._halt = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)
        self._began = self._ended = 0.0

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self._thread.join()
        self._ended = time.monotonic()

    def readings(self) -> list[Reading]:
        """Return one reading per process that lived nearly all the time."""
        whole = self._ended - self._began
        found = []
        for (pid, name), samples in sorted(self._samples.items(), key=lambda item: item[0][1]):
            if samples[-1][0] - samples[0][0] < LEAST_LIFE * whole:
                continue
            warm = [size for at, size in samples if at - self._began >= WARM_UP * whole]
            third = max(len(warm) // 3, 1)
            found.append(
                Reading(
                    name=name,
                    pid=pid,
                    before=round(statistics.median(warm[:third]), 1),
                    after=round(statistics.median(warm[-third:]), 1),
                )
            )
        return found

    def _watch(self) -> None:
        while not self._halt.wait(LOOK_SECONDS):
            now = time.monotonic()
            for process, name in self._processes():
                try:
                    size = process.memory_info().rss / MEGABYTE
                except psutil.NoSuchProcess:
                    continue
                self._samples.setdefault((process.pid, name), []).append((now, size))

    def _processes(self) -> Iterator[tuple[psutil.Process, str]]:
        lab = self._lab
        for managed in (lab.trigger.process, lab.kafka.process, lab.valkey.process, lab.postgres.process):
            if process := managed.find():
                yield process, managed.name
        for pid, function in lab.pool.pids().items():
            try:
                yield psutil.Process(pid), function
            except psutil.NoSuchProcess:
                continue
