"""The local cloud's own trigger as a process that can be killed and comes back."""

import json
import sys
import threading
from pathlib import Path
from typing import Self

from localstack.process import ManagedProcess, clean_environment
from tests.brokers import Broker

MAPPINGS = [
    {"function": function, "topic": f"job-events{lane}", "group": f"{group}{lane}", "batch_size": 100}
    for function, group in (("process", "job-processor"), ("classify", "job-classifier"))
    for lane in ("", "-bulk")
]
LOOK_SECONDS = 0.1


class Trigger:
    """A context manager; while it is `wanted`, a watcher starts it again whenever it ends, as AWS does."""

    def __init__(self, folder: Path, endpoint: str, kafka: Broker, orders: Path) -> None:
        self._folder = folder
        self._mapping = folder / "mappings.json"
        self._command: list[str | Path] = [
            *(sys.executable, "-m", "localstack.trigger", "--endpoint", endpoint, "--bootstrap", kafka.bootstrap),
            *("--locks", folder / "locks", "--mapping", self._mapping, "--failpoints", orders),
            *("--lag-seconds", "3600"),
        ]
        self._environment = clean_environment(**kafka.access.variables)
        self.process = ManagedProcess(name="trigger", record=folder / "process.json", log=folder / "trigger.log")
        self.starts = 0
        self._wanted = threading.Event()
        self._halt = threading.Event()
        self._lock = threading.Lock()
        self._watcher = threading.Thread(target=self._watch, name="trigger watcher", daemon=True)

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._mapping.write_text(json.dumps(MAPPINGS), "utf-8")
        self.resume()
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._halt.set()
        self._watcher.join()
        self.process.kill()

    def kill(self) -> None:
        """End it with SIGKILL; the watcher brings it back."""
        with self._lock:
            self.process.kill()

    def pause(self) -> None:
        """Let it stay away, so that records pile up."""
        self._wanted.clear()
        self.kill()

    def resume(self) -> None:
        """Let it come back."""
        self._wanted.set()

    def _watch(self) -> None:
        while not self._halt.wait(LOOK_SECONDS):
            with self._lock:
                if self._wanted.is_set() and self.process.find() is None:
                    self.process.spawn(self._command, environment=self._environment, folder=Path.cwd())
                    self.starts += 1
