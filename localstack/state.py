"""What the local cloud remembers between commands (ports, how it was started), and the lock that keeps two apart.

Pids and the database password are not here: each process keeps its own record, the database its own password file.
"""

from __future__ import annotations

import fcntl
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from localstack.errors import LocalCloudError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StateError(LocalCloudError):
    """The state file cannot be used, or another command is at work."""


@dataclass
class State:
    """The content of state.json."""

    services: str = "embedded"
    ports: dict[str, int] = field(default_factory=dict)


def load(home: Path) -> State:
    """The remembered state, or a new one. Raises StateError for a file that is no longer readable."""
    file = home / "state.json"
    if not file.exists():
        return State()
    try:
        return State(**json.loads(file.read_text(encoding="utf-8")))
    except (TypeError, ValueError) as error:
        raise StateError(
            f"The state file {file} cannot be read ({error}). Run `smartqueue-local reset` to start anew."
        ) from error


def save(home: Path, state: State) -> None:
    """Write the state so that a crash leaves either the old file or the new one."""
    home.mkdir(parents=True, exist_ok=True)
    draft = home / "state.new"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(asdict(state), indent=2) + "\n", encoding="utf-8")
    draft.replace(home / "state.json")


@contextmanager
def locked(home: Path) -> Iterator[None]:
    """Hold the folder's lock. Raises StateError at once when another command holds it."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        file = (home / "lock").open("a+", encoding="utf-8")
    except OSError as error:
        raise StateError(
            f"The data folder {home} cannot be written ({error.strerror}): set SMARTQUEUE_HOME to a folder that can."
        ) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            raise StateError(
                f"Another smartqueue-local command (pid {file.read().strip() or 'unknown'}) is at work in {home}:"
                " wait until it has finished."
            ) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
