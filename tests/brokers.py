"""Which Kafka broker the suites run on: the embedded one, or with SMARTQUEUE_TEST_KAFKA=apache Apache Kafka itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from localstack.network import free_port
from localstack.services import Kafka
from localstack.services.apache_kafka import ApacheKafka

Broker = Kafka | ApacheKafka
SWITCH = "SMARTQUEUE_TEST_KAFKA"


def is_apache() -> bool:
    """Whether the switch asks for Apache Kafka. Raises ValueError for a word it does not know."""
    chosen = os.environ.get(SWITCH, "embedded")
    if chosen not in {"embedded", "apache"}:
        raise ValueError(f"{SWITCH} must be embedded or apache, not {chosen!r}")
    return chosen == "apache"


def make_broker(*, data: Path) -> Broker:
    """Return the chosen broker, not started yet; its records survive a restart."""
    return ApacheKafka(data=data, port=free_port()) if is_apache() else Kafka(data=data, port=free_port())


@contextmanager
def replacement(folder: Path) -> Iterator[dict[str, str]]:
    """Run the broker that the switch asks for, and give the variables by which a local cloud uses it.

    None for the embedded broker: the local cloud has one of its own.
    """
    if not is_apache():
        yield {}
        return
    with ApacheKafka(data=folder, port=free_port()) as broker:
        yield broker.access.variables
