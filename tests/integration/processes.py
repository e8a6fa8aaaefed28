"""Starting workers (worker.py). They are forked from a server that has imported everything, which saves seconds."""

import json
import multiprocessing
import signal
from collections.abc import Mapping
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.integration.harness import Plane
from tests.integration.worker import Death, Order, work

END_SECONDS = 60.0
_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["__main__", "tests.integration.preload"])


class Worker:
    """One running invocation."""

    def __init__(self, process: ForkServerProcess, log: Path) -> None:
        self._process = process
        self._log = log

    def wait(self) -> int:
        """Wait for its end and return the exit code; a signal's number comes negative."""
        self._process.join(END_SECONDS)
        code = self._process.exitcode
        assert code is not None, f"the worker did not end within {END_SECONDS} seconds: {self.output}"
        return code

    def kill(self) -> None:
        """End it at once, if it still runs."""
        self._process.kill()
        self._process.join()

    def close(self) -> None:
        """Let go of it."""
        self._process.close()

    @property
    def output(self) -> str:
        """What it printed."""
        return self._log.read_text("utf-8") if self._log.exists() else ""

    @property
    def lines(self) -> list[dict[str, Any]]:
        """What it printed, one JSON object per line."""
        return [json.loads(line) for line in self.output.splitlines()]


class Workers:
    """Starts workers on a plane."""

    def __init__(self, plane: Plane, folder: Path) -> None:
        self._plane = plane
        self._folder = folder
        self._started: list[Worker] = []

    def start(self, function: str, event: Mapping[str, Any], *, death: Death | None = None, **variables: str) -> Worker:
        """Start an invocation and return at once."""
        log = self._folder / f"worker-{len(self._started)}.log"
        order = Order(
            function=function,
            environment={**self._plane.environment(function), **variables},
            secrets=self._plane.secrets(),
            event=dict(event),
            log=log,
            death=death,
        )
        process = _forkserver.Process(target=work, args=(order,))
        process.start()
        worker = Worker(process, log)
        self._started.append(worker)
        return worker

    def crash(self, function: str, event: Mapping[str, Any], death: Death, **variables: str) -> None:
        """Run an invocation that must die where it was told to."""
        worker = self.start(function, event, death=death, **variables)
        code = worker.wait()
        assert code == -signal.SIGKILL, f"exit code {code}: {worker.output}"

    def kill_all(self) -> None:
        """End those that still run."""
        for worker in self._started:
            worker.kill()
            worker.close()
