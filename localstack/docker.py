"""The same data services and LocalStack itself in containers, for people who have Docker (`--services docker`)."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from localstack.endpoints import Endpoints
from localstack.errors import ServiceError
from localstack.kafka_client import KafkaAccess

if TYPE_CHECKING:
    from localstack.settings import Settings

COMPOSE_FILE = Path(__file__).with_name("compose.yml")
# LocalStack without a licence has no Kafka mappings: the trigger reads them from here.
MAPPING_FILE = Path(__file__).with_name("docker-mappings.json")
# Containers have the host's architecture.
CONTEXT = {
    "stage": "local",
    "bundle-libraries": "true",
    "architecture": "arm64" if platform.machine().lower() in {"arm64", "aarch64"} else "x86_64",
    "triggers": "none",
}
_PASSWORD = "local-only"  # noqa: S105 - the database listens on 127.0.0.1 alone; compose.yml has the same
# Functions run in containers of the compose network and see the services by name.
INSIDE = Endpoints(
    aws="http://localstack:4566",
    kafka=KafkaAccess("kafka:9092"),
    cache="valkey:6379",
    database_host="postgres",
    database_port=5432,
    database_password=_PASSWORD,
)


def settings(base: Settings) -> Settings:
    """The settings with every address replaced by the one that compose.yml publishes on 127.0.0.1."""
    return replace(
        base,
        postgres_url=f"postgresql://smartqueue_owner:{_PASSWORD}@127.0.0.1:{_port('POSTGRES', 5432)}/smartqueue",
        kafka=KafkaAccess(f"127.0.0.1:{_port('KAFKA', 19092)}"),
        cache_address=f"127.0.0.1:{_port('CACHE', 6379)}",
        aws_endpoint=f"http://127.0.0.1:{_port('AWS', 4566)}",
        ports={},
    )


def up() -> None:
    """Start the containers and wait until they are healthy. Raises ServiceError."""
    _compose("up", "--detach", "--wait")


def down(*, with_data: bool = False) -> None:
    """Stop the containers; `with_data` removes their volumes too. Raises ServiceError."""
    _compose("down", *(["--volumes"] if with_data else []))


def _port(name: str, default: int) -> int:
    return int(os.environ.get(f"SMARTQUEUE_{name}_PORT") or default)


def _compose(*arguments: str) -> None:
    if shutil.which("docker") is None:
        raise ServiceError(
            "Docker is not installed. Leave out `--services docker`: the embedded services need no Docker."
        )
    if subprocess.run(["docker", "compose", "version"], check=False, capture_output=True).returncode != 0:
        raise ServiceError(
            "Docker has no `compose` command: install its Compose plugin, or leave out `--services docker`."
        )
    finished = subprocess.run(["docker", "compose", "--file", str(COMPOSE_FILE), *arguments], check=False)
    if finished.returncode != 0:
        raise ServiceError(
            f"`docker compose {arguments[0]}` failed (its own message is above). Is the Docker daemon running,"
            " and are ports 4566, 5432, 6379 and 19092 free (or others set with SMARTQUEUE_*_PORT)?"
        )
