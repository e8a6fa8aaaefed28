"""State, lock, settings, processes: what keeps one command from stepping on another."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from localstack import deploy, paths, settings, state
from localstack.cloud import Cloud
from localstack.errors import DeployError, ServiceError
from localstack.network import free_port
from localstack.process import ManagedProcess, clean_environment
from localstack.services import Valkey

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("SMARTQUEUE_"):
            monkeypatch.delenv(name)


def process(folder: Path) -> ManagedProcess:
    return ManagedProcess(name="sleeper", record=folder / "process.json", log=folder / "log")


def test_state_survives_and_is_private(tmp_path: Path) -> None:
    state.save(tmp_path, state.State(services="docker", ports={"kafka": 1234}))

    assert state.load(tmp_path) == state.State(services="docker", ports={"kafka": 1234})
    assert (tmp_path / "state.json").stat().st_mode & 0o077 == 0


def test_a_broken_state_file_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text("{")

    with pytest.raises(state.StateError, match="smartqueue-local reset"):
        state.load(tmp_path)


def test_two_commands_do_not_work_at_once(tmp_path: Path) -> None:
    refused = pytest.raises(state.StateError, match=f"pid {os.getpid()}")
    with state.locked(tmp_path), refused, state.locked(tmp_path):
        pytest.fail("two commands hold the lock")
    with state.locked(tmp_path):
        pass


def test_a_process_is_found_again_and_stopped(tmp_path: Path) -> None:
    process(tmp_path).spawn(SLEEP, environment=clean_environment())

    again = process(tmp_path)
    assert again.pid
    assert again.runs(SLEEP)
    assert not again.runs([*SLEEP, "--other"])
    again.stop()
    assert again.pid is None
    assert not again.record.exists()


def test_a_recycled_pid_is_left_alone(tmp_path: Path) -> None:
    stranger = process(tmp_path / "stranger")
    stranger.spawn(SLEEP, environment=clean_environment())
    mine = process(tmp_path)
    mine.record.write_text(json.dumps({"pid": stranger.pid, "created": time.time() - 3600}))

    assert mine.pid is None
    mine.stop()
    mine.kill()
    assert stranger.pid
    stranger.kill()


def test_a_service_s_environment_has_nothing_of_the_caller_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")

    assert "AWS_SECRET_ACCESS_KEY" not in clean_environment()


def test_a_taken_port_names_the_variable(tmp_path: Path) -> None:
    with Valkey(data=tmp_path / "one", port=free_port(), durable=False) as first:
        second = Valkey(data=tmp_path / "two", port=first.port)
        with pytest.raises(ServiceError, match=f"Port {first.port} for valkey is taken by .*SMARTQUEUE_CACHE_PORT"):
            second.start()


def test_ports_stay_and_a_taken_one_is_replaced_with_a_note(tmp_path: Path) -> None:
    cloud = Cloud(tmp_path, settings.from_environment())
    cloud._choose_ports()
    ports = dict(cloud.state.ports)

    again = Cloud(tmp_path, settings.from_environment())
    again._choose_ports()
    assert again.state.ports == ports

    with Valkey(data=tmp_path / "other", port=ports["kafka"], durable=False):
        moved = Cloud(tmp_path, settings.from_environment())
        moved._choose_ports()
        assert moved.state.ports["kafka"] != ports["kafka"]
        assert f"port {ports['kafka']} for kafka is taken" in moved.notes[0]


def test_an_address_replaces_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTQUEUE_POSTGRES_URL", "postgresql://smartqueue_owner:pw@db.test:5433/smartqueue")
    monkeypatch.setenv("SMARTQUEUE_CACHE_ADDRESS", "127.0.0.1:1")
    cloud = Cloud(tmp_path, settings.from_environment())

    assert {service.name for service in cloud.services} == {"kafka", "emulator"}
    where = cloud.endpoints
    assert (where.database_host, where.database_port, where.database_password) == ("db.test", 5433, "pw")
    assert where.cache == "127.0.0.1:1"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SMARTQUEUE_POSTGRES_URL", "postgresql://root@host/other"),
        ("SMARTQUEUE_CACHE_ADDRESS", "host"),
        ("SMARTQUEUE_AWS_ENDPOINT", "127.0.0.1:4566"),
        ("SMARTQUEUE_KAFKA_PORT", "70000"),
        ("SMARTQUEUE_AWS_PORT", "http"),
    ],
)
def test_a_wrong_variable_is_named(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(settings.SettingsError, match=variable):
        settings.from_environment()


def test_a_missing_node_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(DeployError, match=r"Node.js is missing.*install"):
        deploy.check_tools()


def test_the_source_hash_follows_the_sources(tmp_path: Path) -> None:
    (tmp_path / "functions" / "f").mkdir(parents=True)
    source = tmp_path / "functions" / "f" / "handler.py"
    source.write_text("a = 1")
    first = deploy.source_hash(tmp_path)
    (tmp_path / "functions" / "f" / "__pycache__").mkdir()
    (tmp_path / "functions" / "f" / "__pycache__" / "handler.pyc").write_text("x")
    assert deploy.source_hash(tmp_path) == first

    source.write_text("a = 2")
    assert deploy.source_hash(tmp_path) != first
    assert deploy.source_hash(tmp_path, "bundle") != deploy.source_hash(tmp_path)


def test_home_can_be_moved(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert paths.home() == paths.ROOT / ".local" / "cloud"
    monkeypatch.setenv("SMARTQUEUE_HOME", str(tmp_path))
    assert paths.home() == tmp_path
