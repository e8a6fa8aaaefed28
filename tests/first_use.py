"""What a function makes at its first use: every client that its settings are for.

Knows nothing but the handler, so that it can run where only the handler's package is.
"""

import importlib
from collections.abc import Callable, Iterator
from functools import partial
from types import ModuleType
from typing import Any

# What handlers make once per environment.
PARTS = ("processor", "classifier", "relay")


def first_clients(handler: ModuleType) -> Iterator[Callable[[], Any]]:
    """Yield what makes the clients of a handler one by one, and lets each meet its server.

    Postgres: the secret is read, the connection is open. Valkey: a PING came back. Tokens: the keys are there. Kafka:
    the producer is made; it connects when something is sent. The parts of process, classify and relay: they are made.
    """
    kinds = importlib.import_module("smartqueue.settings")
    secrets = importlib.import_module("smartqueue.secrets")
    environment = handler.environment
    settings = environment.settings
    if isinstance(settings, kinds.TokenSettings):
        yield lambda: environment.tokens
        yield partial(secrets.read_secret, settings.token_secret_id)
    if isinstance(settings, kinds.DatabaseSettings):
        yield environment.database.connection
    if isinstance(settings, kinds.CacheSettings):
        yield environment.cache.ping
    if isinstance(settings, kinds.KafkaSettings):
        # To send something would be a request.
        yield environment.broker._connected
    for part in PARTS:
        if part in vars(handler):
            yield vars(handler)[part]
