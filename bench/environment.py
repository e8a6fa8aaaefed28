"""One execution environment in a process of its own: a handler called with one event after the other, and timed."""

import importlib
import multiprocessing
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.integration.invocations import Context

START_TIMEOUT_SECONDS = 60.0
RUN_TIMEOUT_SECONDS = 120.0

_spawn = multiprocessing.get_context("spawn")


class BenchError(Exception):
    """A benchmark could not measure what it is for."""


@dataclass(frozen=True, kw_only=True)
class Runs:
    """What some invocations took. seconds: of each; answers: of each; cpu_seconds: of the process, all together.

    started, ended: by the monotonic clock that all processes share.
    """

    seconds: list[float]
    answers: list[Any]
    cpu_seconds: float
    started: float
    ended: float

    @property
    def wall_seconds(self) -> float:
        """From the first invocation's start to the last one's end."""
        return self.ended - self.started


@dataclass(frozen=True, kw_only=True)
class Order:
    """A function, its variables, and where its output goes."""

    function: str
    variables: Mapping[str, str]
    log: Path


class Environment:
    """A context manager. `send` gives it events, `receive` waits for what they took."""

    def __init__(self, order: Order) -> None:
        self._order = order
        self._pipe, self._theirs = _spawn.Pipe()
        self._process = _spawn.Process(target=_serve, args=(order, self._theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        self._receive(START_TIMEOUT_SECONDS)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._process.close()
        self._pipe.close()

    def run(self, events: Sequence[Any]) -> Runs:
        """Invoke the handler with each event. Raises BenchError when it raises."""
        self.send(events)
        return self.receive()

    def send(self, events: Sequence[Any], *, start_at: float = 0.0) -> None:
        """Begin invoking, not before `start_at` on the monotonic clock, so that several environments start together."""
        self._pipe.send((events, start_at))

    def receive(self) -> Runs:
        """Wait for what was sent. Raises BenchError."""
        runs = self._receive(RUN_TIMEOUT_SECONDS)
        if not isinstance(runs, Runs):
            raise BenchError(f"{self._order.function} failed: {runs}; see {self._order.log}")
        return runs

    def _receive(self, timeout_seconds: float) -> Any:
        if not self._pipe.poll(timeout_seconds):
            raise BenchError(f"{self._order.function} did not answer in time; see {self._order.log}")
        try:
            return self._pipe.recv()
        except EOFError:
            raise BenchError(f"{self._order.function} died; see {self._order.log}") from None


def start_together(work: Sequence[tuple[Environment, Sequence[Any]]]) -> list[Runs]:
    """Let several environments invoke at the same time."""
    start_at = time.monotonic() + 0.2
    for environment, events in work:
        environment.send(events, start_at=start_at)
    return [environment.receive() for environment, _ in work]


def span_seconds(runs: Sequence[Runs]) -> float:
    """Return how long it took from the first invocation's start to the last one's end, of all together."""
    return max(r.ended for r in runs) - min(r.started for r in runs)


def _serve(order: Order, requests: Connection) -> None:
    with order.log.open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.clear()
    os.environ.update(order.variables)
    handler = importlib.import_module(f"functions.{order.function}.handler").lambda_handler
    requests.send("ready")
    context = Context(seconds=60.0, function_name=order.function)
    while True:
        try:
            events, start_at = requests.recv()
        except EOFError:
            return
        requests.send(_run(handler, events, context, start_at))


def _run(handler: Any, events: Sequence[Any], context: Context, start_at: float) -> Runs | str:
    time.sleep(max(start_at - time.monotonic(), 0.0))
    seconds: list[float] = []
    answers: list[Any] = []
    cpu = time.process_time()
    started = time.monotonic()
    for event in events:
        begun = time.perf_counter()
        try:
            answers.append(handler(event, context))
        except Exception as error:  # noqa: BLE001 - whoever measures must hear of it
            return repr(error)
        # Where Lambda's runtime hands the lines on; the interpreter would keep them in a buffer.
        sys.stdout.flush()
        seconds.append(time.perf_counter() - begun)
    return Runs(
        seconds=seconds,
        answers=answers,
        cpu_seconds=time.process_time() - cpu,
        started=started,
        ended=time.monotonic(),
    )
