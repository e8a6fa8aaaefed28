"""The environment variables that change the local cloud; README.md in this folder explains each one."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from localstack.errors import LocalCloudError
from localstack.kafka_client import KafkaAccess

OWNER = "smartqueue_owner"
DATABASE = "smartqueue"
_LAST_PORT = 65_535


class SettingsError(LocalCloudError):
    """An environment variable has a value that cannot be used; the message names it."""


@dataclass(frozen=True)
class Settings:
    """Addresses that replace an embedded service (empty: embedded), fixed ports (0: chosen), and the AI model."""

    postgres_url: str
    kafka: KafkaAccess
    cache_address: str
    aws_endpoint: str
    ports: dict[str, int]
    kafka_on_disk: bool
    openai_api_key: str
    openai_base_url: str


def from_environment() -> Settings:
    """Read and check them. Raises SettingsError."""
    cache = os.environ.get("SMARTQUEUE_CACHE_ADDRESS", "")
    if cache:
        host_and_port("SMARTQUEUE_CACHE_ADDRESS", cache)
    endpoint = os.environ.get("SMARTQUEUE_AWS_ENDPOINT", "").rstrip("/")
    if endpoint and urlsplit(endpoint).scheme not in ("http", "https"):
        raise SettingsError(f"SMARTQUEUE_AWS_ENDPOINT is {endpoint!r}: write it as http://host:port.")
    postgres = os.environ.get("SMARTQUEUE_POSTGRES_URL", "")
    if postgres:
        database_address(postgres)
    names = {
        "postgres": "SMARTQUEUE_POSTGRES_PORT",
        "valkey": "SMARTQUEUE_CACHE_PORT",
        "kafka": "SMARTQUEUE_KAFKA_PORT",
        "kafka-store": "SMARTQUEUE_KAFKA_STORE_PORT",
        "emulator": "SMARTQUEUE_AWS_PORT",
    }
    return Settings(
        postgres_url=postgres,
        kafka=_kafka(),
        cache_address=cache,
        aws_endpoint=endpoint,
        ports={service: _port(variable) for service, variable in names.items()},
        kafka_on_disk=_kafka_on_disk(),
        # Not OPENAI_API_KEY: a key that lies in the shell must not be spent by a demonstration.
        openai_api_key=os.environ.get("SMARTQUEUE_OPENAI_API_KEY", ""),
        openai_base_url=os.environ.get("SMARTQUEUE_OPENAI_BASE_URL", ""),
    )


def host_and_port(variable: str, address: str) -> tuple[str, int]:
    """ "host:port" in two. Raises SettingsError that names the variable."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit():
        raise SettingsError(f"{variable} is {address!r}: write it as host:port.")
    return host, int(port)


def database_address(url: str) -> tuple[str, int, str]:
    """Host, port and the owner's password. Raises SettingsError for another user or database than the schema's."""
    parts = urlsplit(url)
    if parts.scheme not in ("postgres", "postgresql") or parts.username != OWNER or parts.path != f"/{DATABASE}":
        raise SettingsError(
            "SMARTQUEUE_POSTGRES_URL must look like"
            f" postgresql://{OWNER}:password@host:5432/{DATABASE}: the migrations own that database as that user."
        )
    return parts.hostname or "127.0.0.1", parts.port or 5432, parts.password or ""


def _kafka() -> KafkaAccess:
    access = KafkaAccess.from_environment(os.environ)
    if bool(access.username) != bool(access.password):
        raise SettingsError("SMARTQUEUE_KAFKA_USERNAME and SMARTQUEUE_KAFKA_PASSWORD belong together: set both.")
    if access.username and not access.bootstrap:
        raise SettingsError("SMARTQUEUE_KAFKA_USERNAME is for a Kafka of your own: set SMARTQUEUE_KAFKA_BOOTSTRAP too.")
    return access


def _kafka_on_disk() -> bool:
    value = os.environ.get("SMARTQUEUE_KAFKA_STORAGE") or "disk"
    if value not in ("disk", "memory"):
        raise SettingsError(f"SMARTQUEUE_KAFKA_STORAGE is {value!r}: it must be disk or memory.")
    return value == "disk"


def _port(variable: str) -> int:
    value = os.environ.get(variable, "")
    if not value:
        return 0
    if not value.isdigit() or not 0 < int(value) <= _LAST_PORT:
        raise SettingsError(f"{variable} is {value!r}: it must be a port number from 1 to {_LAST_PORT}.")
    return int(value)
