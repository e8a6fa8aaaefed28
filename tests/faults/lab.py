"""The laboratory: real services, the functions in processes of their own, the real trigger, and a relay on a schedule.

Only AWS is small: Lambda is `runtime/`, EventBridge is a thread. Everything can be killed and comes back by itself, as
AWS brings it back.
"""

import shutil
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import redis

from localstack.network import free_port
from localstack.process import clean_environment
from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from smartqueue.failpoints import TAKEN
from tests.brokers import make_broker
from tests.faults.receiver import JobReceiver
from tests.faults.runtime.pool import FunctionSpec, InvocationError, Pool
from tests.faults.runtime.server import AwsServer
from tests.faults.trigger import Trigger
from tests.integration.topics import TOPICS
from tests.integration.wiring import ROLE_OF, Wiring

WORKERS = ("submit", "process", "classify")


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast time passes: what the functions are told, and how often the relay is started (seconds)."""

    variables: Mapping[str, str]
    timeouts: Mapping[str, float]
    relay_every_seconds: float


# A deployed stage's own values, as infra/cdk sets them.
REAL_PACE = Pace(
    variables={},
    timeouts={"process": 60, "classify": 60, "relay": 60, "migrate": 120},
    relay_every_seconds=60,
)
# Everything that waits, waits less, so that hundreds of faults fit into minutes. No value is special to one fault.
FAST_PACE = Pace(
    variables={
        "LEASE_SECONDS": "1.5",
        "HEARTBEAT_SECONDS": "0.4",
        "RETRY_BASE_SECONDS": "0.3",
        "RELAY_POLL_SECONDS": "0.1",
        "RELAY_RUN_SECONDS": "2.5",
        "RESCUE_STRANDED_SECONDS": "4",
    },
    timeouts={"process": 9, "classify": 8, "relay": 7, "submit": 6, "replay": 6, "migrate": 120},
    relay_every_seconds=2.6,
)

# A deployed stage's own waiting times, but for the relay's schedule, so that a killed one is soon back.
SOAK_PACE = Pace(
    variables={"RELAY_RUN_SECONDS": "9.5", "SUBMIT_QUOTA_PER_MINUTE": "600"},
    timeouts={"process": 60, "classify": 60, "relay": 20, "migrate": 120},
    relay_every_seconds=10,
)


@dataclass
class Lab:
    """One set of everything, in one folder. A context manager."""

    folder: Path
    pace: Pace = FAST_PACE

    def __post_init__(self) -> None:
        """Say where everything will be; nothing runs yet."""
        self.orders = self.folder / "orders"
        self.postgres = Postgres(data=self.folder / "postgres", port=free_port(), durable=True)
        self.valkey = Valkey(data=self.folder / "valkey", port=free_port(), durable=False)
        self.kafka = make_broker(data=self.folder / "kafka")
        self.aws = AwsServer()
        self.receiver = JobReceiver()
        self._stack = ExitStack()
        self._halt = threading.Event()
        self._relays: list[threading.Thread] = []

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            # What was started already must not be left behind.
            self._stack.close()
            raise
        return self

    def _start(self) -> None:
        self.orders.mkdir(parents=True, exist_ok=True)
        enter = self._stack.enter_context
        for service in (self.postgres, self.valkey, self.kafka):
            enter(service)
        self.kafka.create_topics(TOPICS)
        enter(self.aws)
        enter(self.receiver)
        self.wiring = Wiring(
            postgres=self.postgres,
            valkey=self.valkey,
            kafka=self.kafka,
            extra={**self.pace.variables, "FAILPOINTS_FOLDER": str(self.orders)},
        )
        self.aws.secrets = self.wiring.secrets()
        self.pool = Pool({name: self._spec(name) for name in ROLE_OF}, self.folder / "logs")
        self.aws.pool = self.pool
        self._stack.callback(self.pool.close)
        self.pool.invoke("migrate", {})
        self.trigger = enter(Trigger(self.folder / "trigger", self.aws.endpoint, self.kafka, self.orders))
        self._stack.callback(self._stop_relays)
        self.start_relay()

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _spec(self, function: str) -> FunctionSpec:
        variables = {
            **clean_environment(),
            **self.wiring.environment(function),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_ENDPOINT_URL": self.aws.endpoint,
        }
        return FunctionSpec(name=function, variables=variables, timeout_seconds=self.pace.timeouts.get(function, 15.0))

    def start_relay(self) -> None:
        """Start one more schedule of the relay."""
        thread = threading.Thread(target=self._run_relay, name="schedule", daemon=True)
        self._relays.append(thread)
        thread.start()

    def _run_relay(self) -> None:
        while not self._halt.is_set():
            next_start = time.monotonic() + self.pace.relay_every_seconds
            try:
                self.pool.invoke("relay", {})
            except InvocationError as error:
                self._note(str(error))
            self._halt.wait(next_start - time.monotonic())

    def stop_extra_relays(self) -> None:
        """Go back to one schedule."""
        self._stop_relays()
        self._halt.clear()
        self.start_relay()

    def _stop_relays(self) -> None:
        self._halt.set()
        self.pool.kill("relay")
        for thread in self._relays:
            thread.join()
        self._relays.clear()

    def _note(self, problem: str) -> None:
        """Keep what a scheduled invocation ended with: nobody is told of it on AWS either."""
        with (self.folder / "logs" / "schedule.log").open("a", encoding="utf-8") as log:
            log.write(f"{problem}\n")

    def skew(self, function: str, seconds: float) -> None:
        """Put the clock of a function's environments wrong."""
        self.pool.deploy(replace(self.pool.spec(function), skew_seconds=seconds))

    def flush_cache(self) -> None:
        """Let the cache forget everything."""
        with redis.Redis(host=self.valkey.host, port=self.valkey.port) as client:
            client.flushall()

    def order(self, name: str, action: str) -> None:
        """Arm a failpoint: `name` is `<function>.<point>.<side>`."""
        (self.orders / name).write_text(action, "utf-8")

    def carried_out(self) -> dict[str, float]:
        """Return the orders that were carried out, and when (Unix time)."""
        return {p.name.removesuffix(TAKEN): p.stat().st_ctime for p in self.orders.glob(f"*{TAKEN}")}

    def disarm(self) -> set[str]:
        """Take all orders back; return those that nobody had carried out."""
        left = {path.name for path in self.orders.iterdir() if path.suffix != TAKEN}
        shutil.rmtree(self.orders)
        self.orders.mkdir()
        return left
