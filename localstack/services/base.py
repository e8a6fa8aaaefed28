"""What every embedded service has in common: start, wait until it answers, stop, kill, and say where it is."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Self

from localstack.errors import ServiceError
from localstack.network import LOOPBACK, is_free, listens, owner
from localstack.process import ManagedProcess, check_space

if TYPE_CHECKING:
    from pathlib import Path

# A killed server's last threads may hold its socket a moment longer than its pid.
_PORT_RELEASE_SECONDS = 2


class Service(ABC):
    """A server on 127.0.0.1 with its data in one folder.

    `start` may be called on a running service (nothing happens), and a stopped or killed one starts again on the same
    port with the same data. Usable as a context manager.
    """

    name: ClassVar[str]
    port_variable: ClassVar[str]
    ready_seconds: float = 30

    def __init__(self, *, data: Path, port: int, log: Path | None = None) -> None:
        self.host = LOOPBACK
        self.port = port
        self.data = data
        self.log = log or data / f"{self.name}.log"
        self.process = ManagedProcess(name=self.name, record=data / "process.json", log=self.log)

    @property
    def address(self) -> str:
        """host:port"""
        return f"{self.host}:{self.port}"

    @property
    def pid(self) -> int | None:
        """The pid while the service runs, else None."""
        return self.process.pid

    def start(self) -> None:
        """Start it and wait until it is ready. Raises ServiceError with a sentence that says what to do."""
        if self.is_running():
            return
        self.stop()
        check_space(self.data)
        self.data.mkdir(parents=True, exist_ok=True)
        self._require_free(self.port)
        self._launch()
        self._wait()

    def stop(self) -> None:
        """Stop it in an orderly way and wait until it is gone."""
        self.process.stop()

    def kill(self) -> None:
        """End it at once with SIGKILL, as a crash would."""
        self.process.kill()

    def is_running(self) -> bool:
        """True when its process lives and answers."""
        return self.process.find() is not None and self.is_ready()

    def is_ready(self) -> bool:
        """True when the service answers a real request (by default: accepts a connection)."""
        return listens(self.host, self.port)

    @abstractmethod
    def _launch(self) -> None:
        """Start the process; must not wait."""

    def _require_free(self, port: int) -> None:
        deadline = time.monotonic() + _PORT_RELEASE_SECONDS
        while not is_free(port) and time.monotonic() < deadline:
            time.sleep(0.05)
        if not is_free(port):
            raise ServiceError(
                f"Port {port} for {self.name} is taken by {owner(port)}:"
                f" stop that program, or choose another port with {self.port_variable}."
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + self.ready_seconds
        while time.monotonic() < deadline:
            if self.process.find() is None:
                self.stop()
                raise ServiceError(
                    f"{self.name} ended as soon as it was started; the end of {self.log} says:\n"
                    f"{self.process.last_lines()}"
                )
            if self.is_ready():
                return
            time.sleep(0.02)
        self.stop()
        raise ServiceError(
            f"{self.name} did not answer within {self.ready_seconds:.0f} seconds; see {self.log}."
            " If the machine is very busy, try again."
        )

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
