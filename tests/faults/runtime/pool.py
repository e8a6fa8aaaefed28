"""Lambda in small: execution environments started when they are needed, one invocation each at a time."""

import contextlib
import json
import multiprocessing
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tests.faults.runtime.environment import Order, serve

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["__main__", "tests.faults.runtime.preload"])


class InvocationError(Exception):
    """The function failed, died or ran out of time. The text is what Lambda would tell the caller."""


@dataclass(eq=False)
class Environment:
    """A running process and the pipe to it."""

    process: ForkServerProcess
    pipe: Connection

    def end(self) -> None:
        """Kill it, if it still lives, and let go of it."""
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


@dataclass(frozen=True, kw_only=True)
class FunctionSpec:
    """A function as it is deployed."""

    name: str
    variables: Mapping[str, str]
    timeout_seconds: float
    skew_seconds: float = 0.0


class Pool:
    """Invokes functions. Every method may be called from any thread."""

    def __init__(self, specs: Mapping[str, FunctionSpec], logs: Path) -> None:
        self._specs = dict(specs)
        self._logs = logs
        self._idle: dict[str, list[Environment]] = {}
        self._busy: dict[str, set[Environment]] = {}
        self._lock = threading.Lock()
        logs.mkdir(parents=True, exist_ok=True)

    def deploy(self, spec: FunctionSpec) -> None:
        """Take over a function's new variables: its environments are replaced."""
        with self._lock:
            self._specs[spec.name] = spec
            idle = self._idle.pop(spec.name, [])
        for environment in idle:
            environment.end()

    def spec(self, function: str) -> FunctionSpec:
        """Return how a function is deployed."""
        return self._specs[function]

    def invoke(self, function: str, event: Any) -> Any:
        """Run one invocation and return what the handler returned. Raises InvocationError."""
        spec = self._specs[function]
        environment = self._take(spec)
        try:
            environment.pipe.send((event, spec.timeout_seconds))
            in_time = environment.pipe.poll(spec.timeout_seconds)
            result, error = environment.pipe.recv() if in_time else (None, "")
        except (EOFError, OSError):
            self._bury(function, environment)
            raise InvocationError(json.dumps({"errorType": "Runtime.ExitError"})) from None
        if not in_time:
            self._bury(function, environment)
            raise InvocationError(json.dumps({"errorMessage": f"Task timed out after {spec.timeout_seconds:g} s"}))
        self._give_back(spec, environment)
        if error:
            raise InvocationError(error)
        return result

    def kill(self, *functions: str) -> int:
        """End every environment of these functions (of all, if none is named) with SIGKILL; return how many."""
        with self._lock:
            names = functions or tuple(self._specs)
            victims = [e for name in names for e in (*self._idle.pop(name, []), *self._busy.get(name, set()))]
            idle = [e for e in victims if not any(e in busy for busy in self._busy.values())]
        for environment in idle:
            environment.end()
        for environment in victims:
            # Whoever waits for a busy one sees its pipe close and lets go of it, maybe just now.
            with contextlib.suppress(ValueError):
                environment.process.kill()
        return len(victims)

    def pids(self) -> dict[int, str]:
        """Return the environments that run: process id and function."""
        with self._lock:
            running = [(name, e) for group in (self._idle, self._busy) for name, es in group.items() for e in es]
        return {e.process.pid: name for name, e in running if e.process.pid is not None}

    def close(self) -> None:
        """End all environments; nothing may be invoked any more."""
        self.kill()
        deadline = time.monotonic() + 20
        while any(self._busy.values()) and time.monotonic() < deadline:
            time.sleep(0.02)

    def _take(self, spec: FunctionSpec) -> Environment:
        with self._lock:
            idle = self._idle.get(spec.name)
            environment = idle.pop() if idle else None
            if environment is not None:
                self._busy.setdefault(spec.name, set()).add(environment)
                return environment
        ours, theirs = _forkserver.Pipe()
        order = Order(
            function=spec.name,
            variables=dict(spec.variables),
            log=self._logs / f"{spec.name}.log",
            skew_seconds=spec.skew_seconds,
        )
        process = _forkserver.Process(target=serve, args=(order, theirs), daemon=True)
        process.start()
        theirs.close()
        environment = Environment(process, ours)
        with self._lock:
            self._busy.setdefault(spec.name, set()).add(environment)
        return environment

    def _give_back(self, spec: FunctionSpec, environment: Environment) -> None:
        with self._lock:
            self._busy[spec.name].discard(environment)
            current = self._specs[spec.name] is spec
            if current:
                self._idle.setdefault(spec.name, []).append(environment)
        if not current:
            environment.end()

    def _bury(self, function: str, environment: Environment) -> None:
        with self._lock:
            self._busy[function].discard(environment)
        environment.end()
