"""What a run ran on: versions of everything measured, and how busy the machine was meanwhile."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import psutil

from tests.faults.versions import name_versions

CLIENTS = ("aws-lambda-powertools", "kafka-python", "psycopg", "pydantic", "redis")


def describe_machine() -> dict[str, Any]:
    """Return it as the JSON holds it, with the load of this moment."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "servers": name_versions(),
        "clients": {name: version(name) for name in CLIENTS},
        "durability": "PostgreSQL with fsync, synchronous_commit and full_page_writes on; Valkey appendonly everysec",
        "load": [round(load, 2) for load in os.getloadavg()],
    }
