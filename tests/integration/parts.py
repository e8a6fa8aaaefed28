"""The inside of functions with clients of their own, for threads that work at the same time.

One Lambda environment serves one request at a time; two threads here are two environments.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import redis

from functions.auth.accounts import Accounts
from functions.auth.settings import Settings as AuthSettings
from functions.auth.users import UserStore
from functions.process.batch import BatchProcessor
from functions.process.deduplication import Deduplication
from functions.process.execution import Executor
from functions.process.settings import Settings as ProcessSettings
from functions.process.webhooks.sender import WebhookSender
from functions.relay.rescue import Rescue
from functions.relay.retention import Retention
from functions.relay.settings import Settings as RelaySettings
from functions.replay.dead_letters import DeadLetters
from functions.submit.cancellation import Cancellation
from functions.submit.settings import Settings as SubmitSettings
from functions.submit.submission import Submission
from smartqueue.broker import Broker
from smartqueue.cache import connect_cache
from smartqueue.database import Database
from smartqueue.job_types import job_types
from smartqueue.metrics import Meter
from smartqueue.roles import Principal
from smartqueue.settings import CacheSettings, DatabaseSettings, KafkaSettings, TokenSettings
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.jobs import JobStore
from smartqueue.store.outbox import Outbox
from smartqueue.tokens import Tokens
from smartqueue.webhook_urls import parse_networks
from tests.integration.harness import Plane, msk_event


@dataclass
class Environment:
    """One execution environment's clients."""

    plane: Plane
    function: str

    def __post_init__(self) -> None:
        """Make clients that connect when they are first used."""
        self.variables = self.plane.environment(self.function)
        self.database = Database(DatabaseSettings.from_environment(self.variables), self._credentials)
        self.broker = Broker(KafkaSettings.from_environment(self.variables))
        client: redis.Redis = connect_cache.__wrapped__(CacheSettings.from_environment(self.variables))
        self.cache = client
        self.jobs = JobStore(self.database)
        self.outbox = Outbox(self.database, self.broker)

    def close(self) -> None:
        """Close the clients."""
        self.database.close()
        self.broker.close()
        self.cache.close()

    def _credentials(self) -> Iterator[Mapping[str, Any]]:
        yield self.plane.secrets()[self.variables["DATABASE_SECRET_ID"]]


class Parts:
    """Makes parts, each on an environment of its own, and closes all in the end."""

    def __init__(self, plane: Plane) -> None:
        self._plane = plane
        self._environments: list[Environment] = []

    def environment(self, function: str) -> Environment:
        """Make clients."""
        made = Environment(self._plane, function)
        self._environments.append(made)
        return made

    def close(self) -> None:
        """Close all clients."""
        for environment in self._environments:
            environment.close()

    def processor(self) -> Callable[[Sequence[Any]], None]:
        """Make a processor; call it with the records of a batch."""
        env = self.environment("process")
        settings = ProcessSettings.from_environment(env.variables)
        sender = WebhookSender(master_key="w" * 48, networks=parse_networks(settings.webhook_allowed_networks))
        processor = BatchProcessor(
            attempts=AttemptStore(env.database),
            jobs=env.jobs,
            outbox=env.outbox,
            broker=env.broker,
            deduplication=Deduplication(env.cache),
            executor=Executor(job_types(), sender),
            settings=settings,
        )

        def process(records: Sequence[Any]) -> None:
            assert processor.process(msk_event(records), Meter(None), remaining_seconds=60.0) == set()

        return process

    def submission(self) -> Submission:
        """Make what submits."""
        env = self.environment("submit")
        return Submission(env.jobs, env.outbox, SubmitSettings.from_environment(env.variables))

    def cancellation(self) -> Cancellation:
        """Make what cancels."""
        env = self.environment("submit")
        return Cancellation(env.jobs, env.outbox)

    def dead_letters(self) -> DeadLetters:
        """Make what replays and discards."""
        env = self.environment("replay")
        return DeadLetters(env.jobs, env.outbox)

    def rescue(self) -> Rescue:
        """Make what rescues."""
        env = self.environment("relay")
        return Rescue(env.database, env.outbox, RelaySettings.from_environment(env.variables))

    def retention(self) -> Retention:
        """Make what removes old rows."""
        env = self.environment("relay")
        return Retention(env.database, RelaySettings.from_environment(env.variables))

    def accounts(self) -> Accounts:
        """Make what registers."""
        env = self.environment("auth")
        tokens = Tokens(TokenSettings.from_environment(env.variables))
        settings = AuthSettings.from_environment(env.variables)
        return Accounts(UserStore(env.database), tokens, env.cache, settings)

    def principal(self, token: str) -> Principal:
        """Return whom a token speaks for."""
        return Tokens(TokenSettings.from_environment(self._plane.environment("submit"))).verify(f"Bearer {token}")


def at_once[T](*actions: Callable[[], T]) -> list[T | Exception]:
    """Run the actions in threads that start together; return what each returned or raised."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], T]) -> T | Exception:
        barrier.wait(timeout=20)
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the caller judges it
            return error

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))
