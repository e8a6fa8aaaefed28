"""Apache Kafka itself, with TLS and a login, under the functions and the trigger."""

import pytest

from tests.brokers import SWITCH, is_apache


def pytest_configure(config: pytest.Config) -> None:
    """Share the running services; refuse to say anything about a broker that is another."""
    if not is_apache():
        raise pytest.UsageError(f"tests/kafka is about Apache Kafka: run `make test-kafka`, or set {SWITCH}=apache.")
    config.pluginmanager.import_plugin("tests.integration.services")
