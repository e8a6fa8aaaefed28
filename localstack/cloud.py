"""The local cloud as a whole: which parts there are, in which order they start and stop, and where they are."""

from __future__ import annotations

import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import psutil

from localstack import state as states
from localstack.endpoints import FUNCTION_PREFIX, Endpoints
from localstack.errors import ServiceError
from localstack.network import free_port, is_free, listens, owner
from localstack.paths import ROOT
from localstack.process import ManagedProcess, clean_environment
from localstack.services import Emulator, Kafka, Postgres, Service, Valkey
from localstack.settings import Settings, database_address, host_and_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_EMULATOR_PORT = 4566


class Cloud:
    """The embedded services that no address in the environment replaces, and the two helper processes."""

    def __init__(self, home: Path, settings: Settings) -> None:
        self.home = home
        self.settings = settings
        self.state = states.load(home)
        self.notes: list[str] = []
        logs = home / "logs"
        self.postgres = Postgres(data=home / "postgres", port=self._port("postgres"), log=logs / "postgres.log")
        self.valkey = Valkey(data=home / "valkey", port=self._port("valkey"), log=logs / "valkey.log")
        self.kafka = Kafka(
            data=home / "kafka",
            port=self._port("kafka"),
            store_port=self._port("kafka-store"),
            durable=settings.kafka_on_disk,
            log=logs / "kafka.log",
        )
        self.emulator = Emulator(
            data=home / "emulator",
            port=self._port("emulator"),
            log=logs / "emulator.log",
            kafka_bootstrap=settings.kafka.bootstrap or self.kafka.address,
            cache_address=settings.cache_address or self.valkey.address,
        )
        self.trigger = ManagedProcess(name="trigger", record=home / "run" / "trigger.json", log=logs / "trigger.log")
        self.emf = ManagedProcess(name="metrics", record=home / "run" / "metrics.json", log=logs / "metrics.log")

    @property
    def services(self) -> list[Service]:
        """The embedded services in use."""
        replaced = {
            self.postgres: self.settings.postgres_url,
            self.valkey: self.settings.cache_address,
            self.kafka: self.settings.kafka.bootstrap,
            self.emulator: self.settings.aws_endpoint,
        }
        return [service for service, address in replaced.items() if not address]

    @property
    def helpers(self) -> list[ManagedProcess]:
        """The MSK trigger and the metric forwarder."""
        return [self.trigger, self.emf]

    @property
    def endpoints(self) -> Endpoints:
        """Where everything is, replaced or embedded."""
        if self.settings.postgres_url:
            host, port, password = database_address(self.settings.postgres_url)
        else:
            host, port, password = self.postgres.host, self.postgres.port, self.postgres.password
        return Endpoints(
            aws=self.settings.aws_endpoint or self.emulator.url,
            kafka=self.settings.kafka if self.settings.kafka.bootstrap else self.kafka.access,
            cache=self.settings.cache_address or self.valkey.address,
            database_host=host,
            database_port=port,
            database_password=password,
        )

    def start_services(self, report: Callable[[str, str, float], None]) -> None:
        """Start what is not running, all at once; `report(name, address, seconds)` after each. Raises ServiceError."""
        self._check_replacements()
        self._choose_ports()

        def start(service: Service) -> tuple[Service, float]:
            started = time.monotonic()
            service.start()
            return service, time.monotonic() - started

        with ThreadPoolExecutor(max_workers=4) as pool:
            for service, seconds in pool.map(start, self.services):
                report(service.name, service.address, seconds)
        for process in self._strays():
            process.kill()

    def start_helpers(self, mapping_file: Path | None = None) -> None:
        """Start the MSK trigger and the metric forwarder, or restart them when an address has changed."""
        where = self.endpoints
        trigger = ["--endpoint", where.aws, "--bootstrap", where.kafka.bootstrap, "--locks", str(self.home / "run")]
        if mapping_file:
            trigger += ["--mapping", str(mapping_file)]
        emf = ["--endpoint", where.aws, "--cursor", str(self.home / "run" / "metrics-cursor.json")]
        emf += ["--prefix", f"/aws/lambda/{FUNCTION_PREFIX}"]
        for process, module, arguments, variables in (
            (self.trigger, "localstack.trigger", trigger, where.kafka.variables),
            (self.emf, "localstack.emf", emf, {}),
        ):
            command = [sys.executable, "-m", module, *arguments]
            if not process.runs(command):
                process.stop()
                process.spawn(command, environment=clean_environment(**variables), folder=ROOT)

    def stop(self) -> list[str]:
        """Stop everything that runs, readers first. Returns the names of what was running."""
        stopped = []
        for helper in self.helpers:
            if helper.find():
                stopped.append(helper.name)
            helper.stop(grace_seconds=15)
        # All of them, not only those in use now: an address may have been set since they were started.
        everything: list[Service] = [self.emulator, self.kafka, self.valkey, self.postgres]
        stopped += [service.name for service in everything if service.pid]
        with ThreadPoolExecutor(max_workers=4) as pool:
            list(pool.map(lambda service: service.stop(), everything))
        for process in self._strays():
            process.kill()
            stopped.append(f"a leftover process (pid {process.pid})")
        return stopped

    def erase(self) -> None:
        """Remove all data. Only for a stopped cloud."""
        for entry in self.home.iterdir():
            if entry.name == "lock":
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def _strays(self) -> Iterator[psutil.Process]:
        """Function workers of an emulator that was killed: they alone have its folder for temporary files."""
        mark = str(self.home / "emulator" / "tmp")
        emulator = self.emulator.process.find()
        known = {emulator, *emulator.children(recursive=True)} if emulator else set()
        for process in psutil.process_iter():
            try:
                if process.environ().get("TMPDIR") == mark and process not in known:
                    yield process
            except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
                continue

    def _port(self, name: str) -> int:
        return self.settings.ports.get(name) or self.state.ports.get(name, 0)

    def _choose_ports(self) -> None:
        """Give every embedded service a port, the same as last time where that is possible."""
        chosen = {
            service.name: self._choose(service.name, service.port, running=service.pid is not None)
            for service in self.services
        }
        for service in self.services:
            service.port = chosen[service.name]
        if self.kafka in self.services:
            running = self.kafka.store.find() is not None
            self.kafka.store_port = self._choose("kafka-store", self.kafka.store_port, running=running)
            chosen["kafka-store"] = self.kafka.store_port
        where = self.endpoints
        self.emulator.kafka_bootstrap, self.emulator.cache_address = where.kafka.bootstrap, where.cache
        self.state.ports |= chosen
        states.save(self.home, self.state)

    def _choose(self, name: str, port: int, *, running: bool) -> int:
        if (running and port) or self.settings.ports.get(name):
            # A port the user asked for is not replaced silently: starting the service will say who holds it.
            return port
        wanted = port or (_EMULATOR_PORT if name == "emulator" else 0)
        if wanted and is_free(wanted):
            return wanted
        chosen = free_port()
        if wanted:
            self.notes.append(f"port {wanted} for {name} is taken by {owner(wanted)}, so {chosen} is used instead")
        return chosen

    def _check_replacements(self) -> None:
        where = self.endpoints
        addresses = []
        if self.settings.postgres_url:
            addresses.append(("SMARTQUEUE_POSTGRES_URL", where.database_host, where.database_port))
        for variable, address in (
            ("SMARTQUEUE_KAFKA_BOOTSTRAP", self.settings.kafka.bootstrap.partition(",")[0]),
            ("SMARTQUEUE_CACHE_ADDRESS", self.settings.cache_address),
            ("SMARTQUEUE_AWS_ENDPOINT", self.settings.aws_endpoint.partition("://")[2]),
        ):
            if address:
                addresses.append((variable, *host_and_port(variable, address)))
        for variable, host, port in addresses:
            if not listens(host, port, timeout_seconds=3):
                raise ServiceError(f"Nothing answers at {host}:{port}, which {variable} names: start it, or unset it.")
