"""A peer's programs: each in a process group of its own, so that nothing outlives the measurement, whatever happens."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bench.environment import BenchError
from bench.peers.venv import ROOT, Venv
from localstack.process import clean_environment

RUN_TIMEOUT_SECONDS = 60
STOP_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, kw_only=True)
class Programs:
    """Starts what is installed in an environment. variables: of all of them; folder: where they run, and their log."""

    venv: Venv
    variables: Mapping[str, str]
    folder: Path

    @property
    def log(self) -> Path:
        """Where workers write."""
        return self.folder / "workers.log"

    def run(self, *command: str) -> str:
        """Run a program to its end and return what it printed. Raises BenchError if it fails or takes too long."""
        with self._started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            try:
                output, errors = process.communicate(timeout=RUN_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                raise BenchError(f"{' '.join(command)} took more than {RUN_TIMEOUT_SECONDS} seconds") from None
        if process.returncode:
            raise BenchError(f"{' '.join(command)} failed: {errors.decode(errors='replace')[-2000:]}")
        return str(output.decode())

    def enqueue(self, how: str, *, first: int, count: int, trace: Path) -> dict[str, Any]:
        """Enqueue jobs with `bench.peers.programs.enqueue`, and return what it measured. Raises BenchError."""
        module = ("-m", "bench.peers.programs.enqueue", self.venv.name, how)
        programs = self.tracing(trace)
        took: dict[str, Any] = json.loads(programs.run("python", *module, f"--first={first}", f"--count={count}"))
        return took

    def workers(self, commands: Sequence[Sequence[str]], *, trace: Path) -> "Workers":
        """Return workers that leave their lines in `trace`; they start when the context is entered."""
        return Workers(self.tracing(trace), commands)

    def tracing(self, trace: Path) -> "Programs":
        """Return the same, leaving lines there."""
        variables = {**self.variables, "BENCH_TRACE": str(trace)}
        return Programs(venv=self.venv, variables=variables, folder=self.folder)

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Start a program that writes into the log."""
        with self.log.open("ab") as log:
            return self._popen(command, stdout=log, stderr=subprocess.STDOUT)

    def last_words(self) -> str:
        """Return the end of the log."""
        return self.log.read_bytes()[-2000:].decode(errors="replace") if self.log.exists() else ""

    @contextmanager
    def _started(self, command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
        process = self._popen(command, **options)
        try:
            yield process
        finally:
            kill_group(process)

    def _popen(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        name, *arguments = command
        return subprocess.Popen(
            [self.venv.program(name), *arguments],
            cwd=self.folder,
            env={**clean_environment(PYTHONPATH=str(ROOT)), **self.variables},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            **options,
        )


class Workers:
    """A context manager: all of a peer's workers."""

    def __init__(self, programs: Programs, commands: Sequence[Sequence[str]]) -> None:
        self._programs = programs
        self._commands = commands
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask_to_stop()
        finally:
            self.kill()

    def start(self) -> None:
        """Start them all."""
        for command in self._commands:
            self._processes.append(self._programs.start(command))

    def kill(self) -> None:
        """SIGKILL them all at once, and everything they started."""
        for process in self._processes:
            kill_group(process)
        self._processes.clear()

    def check(self) -> None:
        """Raise BenchError if one of them has ended."""
        if any(map(_has_ended, self._processes)):
            raise BenchError(f"a worker of {self._programs.venv.name} ended: {self.last_words()}")

    def last_words(self) -> str:
        """Return the end of their log."""
        return self._programs.last_words()

    def _ask_to_stop(self) -> None:
        for process in self._processes:
            process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while time.monotonic() < deadline and not all(map(_has_ended, self._processes)):
            time.sleep(0.02)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL a process and all it started, and reap it."""
    # Until it is reaped its number is nobody else's, and the group can only be its own.
    if process.returncode is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


def _has_ended(process: subprocess.Popen[bytes]) -> bool:
    # Without reaping it: what it started may still run, and is found by its number.
    look = os.WEXITED | os.WNOWAIT | os.WNOHANG
    return process.returncode is not None or os.waitid(os.P_PID, process.pid, look) is not None
