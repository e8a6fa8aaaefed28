"""SnapStart: what is loaded before the snapshot, what is not in it, and what a restore changes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

RUNTIME = """
from functools import partial

before, after = [], []


def register_before_snapshot(function, *arguments, **named):
    before.append(partial(function, *arguments, **named))
    return function


def register_after_restore(function, *arguments, **named):
    after.append(partial(function, *arguments, **named))
    return function
"""
LIFE = """
import importlib, json, os, random, socket, sys
# Draws a key for itself when it is imported, which nobody here uses.
import multiprocessing.process
import snapshot_restore_py as runtime

opened, drawn = [], []
socket.socket.connect = lambda *_: opened.append("connect")
socket.getaddrinfo = lambda *_, **__: opened.append("lookup") or []
importlib.import_module(f"functions.{sys.argv[1]}.handler")
at_init = set(sys.modules)
draw = os.urandom
os.urandom = lambda size: drawn.append(size) or draw(size)
state = random.getstate()
for hook in reversed(runtime.before):
    hook()
secrets = sys.modules.get("smartqueue.secrets")
told = {
    "hooks": [len(runtime.before), len(runtime.after)],
    "at_init": sorted(at_init),
    "in_snapshot": sorted(sys.modules),
    "opened": opened,
    "drawn": len(drawn) + (random.getstate() != state),
    "secrets": len(secrets._known) + secrets.aws_client.cache_info().currsize if secrets else 0,
}
copies = []
for _ in range(2):
    random.setstate(state)
    for hook in runtime.after:
        hook()
    copies.append(random.random())
print(json.dumps({**told, "copies": copies}))
"""
LOADED = {
    "auth": {"psycopg", "redis", "botocore.session", "jwt", "argon2"},
    "authorizer": {"botocore.session", "jwt"},
    "submit": {"psycopg", "redis", "kafka", "botocore.session", "jwt"},
    "query": {"psycopg", "botocore.session", "jwt"},
    "replay": {"psycopg", "redis", "kafka", "botocore.session", "jwt"},
    "process": {"psycopg", "redis", "kafka", "botocore.session", "httpx2"},
    "docs": set(),
}
LIBRARIES = set().union(*LOADED.values())


@pytest.fixture
def live(tmp_path: Path) -> Any:
    """Lets an environment of a function live until after its restore, and tells what it saw."""
    (tmp_path / "snapshot_restore_py.py").write_text(RUNTIME, "utf-8")

    def run(function: str) -> dict[str, Any]:
        finished = subprocess.run(
            [sys.executable, "-W", "error", "-c", LIFE, function],
            env={
                **os.environ,
                "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
                "PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path]),
            },
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        )
        told: dict[str, Any] = json.loads(finished.stdout)
        return told

    return run


@pytest.mark.parametrize("function", LOADED)
def test_the_snapshot_holds_what_the_function_needs_and_nothing_that_its_copies_must_not_share(
    live: Any, function: str
) -> None:
    told = live(function)
    assert told["hooks"] == [1, 1]
    assert set(told["in_snapshot"]) & LIBRARIES == LOADED[function]
    assert "botocore.session" not in told["at_init"]
    assert (told["opened"], told["secrets"], told["drawn"]) == ([], 0, 0)
    assert told["copies"][0] != told["copies"][1]


def test_elsewhere_nothing_is_loaded_early_and_no_hook_is_looked_for() -> None:
    code = "import functions.submit.handler, json, sys; print(json.dumps(sorted(sys.modules)))"
    environment = {name: value for name, value in os.environ.items() if name != "AWS_LAMBDA_INITIALIZATION_TYPE"}
    for initialization in ({}, {"AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand"}):
        finished = subprocess.run(
            [sys.executable, "-c", code],
            env={**environment, **initialization, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            check=True,
            text=True,
            timeout=60,
        )
        assert {"kafka", "botocore.session", "snapshot_restore_py"} & set(json.loads(finished.stdout)) == set()
