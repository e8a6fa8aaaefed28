"""A child process that outlives the command that started it, found again through a small record on disk.

The record holds the pid together with the moment the process was created, so that a recycled pid is never touched.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING

import psutil

from localstack.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

_LOG_LIMIT_BYTES = 20_000_000
_SPACE_NEEDED_BYTES = 300_000_000


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment of a service: what a program needs to run, and nothing of the caller's (keys, endpoints)."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ") if name in os.environ}
    return {**kept, **variables}


def check_space(folder: Path) -> None:
    """Raise ServiceError when the disk under `folder` is nearly full: databases fail late and obscurely."""
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(existing).free
    if free < _SPACE_NEEDED_BYTES:
        raise ServiceError(
            f"The disk under {existing} has only {free // 1_000_000} MB free and the local cloud needs 300 MB:"
            " free some space, or set SMARTQUEUE_HOME to a folder on another disk."
        )


class ManagedProcess:
    """One process named by its record file; `start` and `stop` may happen in different runs of the program."""

    def __init__(self, *, name: str, record: Path, log: Path) -> None:
        self.name = name
        self.record = record
        self.log = log

    def find(self) -> psutil.Process | None:
        """The running process that the record names, or None (also when the pid now belongs to somebody else)."""
        try:
            entry = json.loads(self.record.read_text(encoding="utf-8"))
            process = psutil.Process(int(entry["pid"]))
            if abs(process.create_time() - float(entry["created"])) > 1 or not _alive(process):
                return None
        except (OSError, ValueError, KeyError, psutil.NoSuchProcess):
            return None
        return process

    @property
    def pid(self) -> int | None:
        """The pid while it runs, else None."""
        process = self.find()
        return process.pid if process else None

    def runs(self, command: Sequence[str | Path]) -> bool:
        """True when it runs and was started with exactly this command."""
        if self.find() is None:
            return False
        started: list[str] = json.loads(self.record.read_text(encoding="utf-8")).get("command", [])
        return started == [str(part) for part in command]

    def spawn(
        self,
        command: Sequence[str | Path],
        *,
        environment: Mapping[str, str],
        folder: Path | None = None,
    ) -> int:
        """Start the command in a session of its own, output to the log, and write the record. Returns the pid."""
        self.record.parent.mkdir(parents=True, exist_ok=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_LIMIT_BYTES:
            self.log.replace(self.log.with_suffix(".old"))
        try:
            with self.log.open("ab") as output:
                started = subprocess.Popen(
                    [str(part) for part in command],
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=dict(environment),
                    cwd=folder,
                    start_new_session=True,
                )
        except OSError as error:
            raise ServiceError(f"{self.name} cannot be started ({error}): run `make setup` again.") from error
        # Popen complains when it is collected while the child still runs, which is the whole point here.
        started.returncode = 0
        try:
            created = psutil.Process(started.pid).create_time()
        except psutil.NoSuchProcess:
            created = 0.0
        entry = {"pid": started.pid, "created": created, "command": [str(part) for part in command]}
        self.record.write_text(json.dumps(entry), encoding="utf-8")
        return started.pid

    def stop(
        self, *, grace_seconds: float = 10, with_signal: signal.Signals = signal.SIGTERM, children_too: bool = False
    ) -> bool:
        """Ask it to end, wait, then SIGKILL it and what it started. Does nothing when it is not running.

        Returns True when it was running and ended by itself.

        `children_too` asks its child processes as well, right after itself.
        """
        return self._end(grace_seconds=grace_seconds, with_signal=with_signal, children_too=children_too)

    def kill(self) -> None:
        """SIGKILL at once, children too: what a power cut looks like to a program."""
        self._end(grace_seconds=0, with_signal=signal.SIGKILL, children_too=True)

    def _end(self, *, grace_seconds: float, with_signal: signal.Signals, children_too: bool) -> bool:
        process = self.find()
        if process is None:
            self.record.unlink(missing_ok=True)
            return False
        children = _children(process)
        family = [process, *children]
        if grace_seconds:
            for member in family if children_too else [process]:
                _send(partial(member.send_signal, with_signal))
            _wait(family, grace_seconds)
        orderly = not _alive(process)
        for member in family:
            _send(member.kill)
        _wait(family, 5)
        self.record.unlink(missing_ok=True)
        return orderly

    def last_lines(self, count: int = 5) -> str:
        """The end of the log, for an error message."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as file:
            file.seek(max(self.log.stat().st_size - 8_000, 0))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-count:])


def _alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _send(action: Callable[[], None]) -> None:
    try:
        action()
    except psutil.NoSuchProcess:
        return


def _wait(family: list[psutil.Process], seconds: float) -> None:
    """Wait until all have ended; a zombie has, whoever is to reap it."""
    deadline = time.monotonic() + seconds
    for member in family:
        while time.monotonic() < deadline and _alive(member):
            time.sleep(0.01)
        _reap(member.pid)


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
