"""The compose file: readable, on 127.0.0.1 only, and with the addresses that the command line assumes."""

from __future__ import annotations

import yaml

from localstack import docker, settings


def test_the_services_are_those_the_command_line_knows() -> None:
    services = yaml.safe_load(docker.COMPOSE_FILE.read_text())["services"]

    assert set(services) == {"localstack", "postgres", "valkey", "kafka"}
    for service in services.values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])
        assert service["healthcheck"]
    environment = services["postgres"]["environment"]
    assert environment["POSTGRES_USER"] == settings.OWNER
    assert environment["POSTGRES_DB"] == settings.DATABASE
    assert environment["POSTGRES_PASSWORD"] == docker.INSIDE.database_password
    assert docker.INSIDE.kafka.bootstrap in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
