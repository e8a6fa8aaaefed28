"""What runs, where, and whether it is well: services, functions, mappings and the lag of each consumer group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from kafka.errors import KafkaError

from localstack.aws import client
from localstack.endpoints import FUNCTION_PREFIX
from localstack.network import listens
from localstack.services.kafka import lag
from localstack.settings import host_and_port
from localstack.trigger.mappings import Discovery, EventSourceMapping

if TYPE_CHECKING:
    from localstack.cloud import Cloud
    from localstack.kafka_client import KafkaAccess


@dataclass(frozen=True)
class Part:
    """One row of the table of services."""

    name: str
    pid: int | None
    address: str
    health: str

    @property
    def well(self) -> bool:
        """True when there is nothing to do."""
        return self.health == "ready"


def parts(cloud: Cloud) -> list[Part]:
    """The services (embedded or replaced) and the two helper processes."""
    where = cloud.endpoints
    addresses = {
        "postgres": f"{where.database_host}:{where.database_port}",
        "valkey": where.cache,
        "kafka": where.kafka.bootstrap.partition(",")[0],
        "emulator": where.aws,
    }
    embedded = {service.name: service for service in cloud.services}
    rows = []
    for name, address in addresses.items():
        if name in embedded:
            service = embedded[name]
            health = "ready" if service.is_running() else "not answering" if service.pid else "stopped"
            rows.append(Part(name, service.pid, address if service.port else "-", health))
        else:
            host, port = host_and_port(name, address.partition("://")[2] or address)
            rows.append(Part(name, None, address, "ready" if listens(host, port) else "not answering"))
    rows += [Part(helper.name, helper.pid, "-", "ready" if helper.pid else "stopped") for helper in cloud.helpers]
    return rows


def functions(endpoint: str) -> list[str]:
    """The deployed functions' names, without their prefix; none when the emulator is away."""
    try:
        pages = client("lambda", endpoint).get_paginator("list_functions").paginate()
        names = [function["FunctionName"] for page in pages for function in page["Functions"]]
    except (BotoCoreError, ClientError):
        return []
    return sorted(name.removeprefix(FUNCTION_PREFIX) for name in names if name.startswith(FUNCTION_PREFIX))


def mappings(endpoint: str, kafka: KafkaAccess) -> list[tuple[EventSourceMapping, int | None]]:
    """The enabled mappings, each with how many records its group has still to read (None: unknown)."""
    try:
        found = Discovery(client("cloudformation", endpoint), client("lambda", endpoint)).mappings()
    except (BotoCoreError, ClientError):
        return []
    return [(mapping, _lag(kafka, mapping)) for mapping in sorted(found, key=lambda mapping: mapping.group)]


def _lag(kafka: KafkaAccess, mapping: EventSourceMapping) -> int | None:
    try:
        return lag(kafka, mapping.group, mapping.topic)
    except KafkaError:
        return None
