"""Whether a log holds a secret: by what secrets look like, and by those that are known."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from localstack.aws import client
from tests.e2e.client import PASSWORDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.e2e.cloud import LocalCloud

PATTERNS = {
    "a token": re.compile(r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    "an Authorization header": re.compile(r"(?i)\b(?:bearer|basic) [\w.~+/-]{16,}"),
    "a webhook's signing secret": re.compile(r"whsec_[A-Za-z0-9+/]{20,}"),
    "a password's hash": re.compile(r"\$argon2id?\$v="),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
}
# In a secret, but no secret.
PUBLIC_FIELDS = frozenset({"username", "kid", "until", "host", "dbname", "engine"})
FEWEST_CHARACTERS = 8
# Made-up passwords such as 00000000 are in many a log by chance.
FEWEST_DIFFERENT = 5


def find_leaks(text: str, known: Mapping[str, str]) -> list[str]:
    """Say what leaked, in words that do not. known: secrets by a name that may be told."""
    found = [name for name, pattern in PATTERNS.items() if pattern.search(text)]
    return found + [name for name, secret in known.items() if secret in text]


def known_secrets(values: Mapping[str, object]) -> dict[str, str]:
    """Every secret text inside the secrets of Secrets Manager, given by their names."""
    found: dict[str, str] = {}

    def look(name: str, value: object) -> None:
        if isinstance(value, dict):
            for field, inner in value.items():
                if field not in PUBLIC_FIELDS:
                    look(f"{name}: {field}", inner)
        elif isinstance(value, str) and len(value) >= FEWEST_CHARACTERS:
            found[name] = value

    for name, value in values.items():
        look(name, value)
    return found


def _is_telling(password: str) -> bool:
    return len(password) >= FEWEST_CHARACTERS and len(set(password)) >= FEWEST_DIFFERENT


def leaks_of(cloud: LocalCloud) -> dict[str, list[str]]:
    """What leaked into the logs of a cloud's functions and services, by the log."""
    known = known_secrets(dict(_secrets(cloud)))
    known |= {f"password {number}": text for number, text in enumerate(sorted(PASSWORDS)) if _is_telling(text)}
    logs = {**_logs_of_functions(cloud), **_logs_of_services(cloud)}
    assert "postgres.log" in logs, "no log of a service was found"
    assert any(name.endswith("-auth") for name in logs), "no log of the function that sees passwords was found"
    return {name: leaks for name, text in logs.items() if (leaks := find_leaks(text, known))}


def _secrets(cloud: LocalCloud) -> Iterator[tuple[str, object]]:
    secrets = client("secretsmanager", cloud.endpoints.aws)
    for page in secrets.get_paginator("list_secrets").paginate():
        for entry in page["SecretList"]:
            text = secrets.get_secret_value(SecretId=entry["Name"])["SecretString"]
            try:
                yield entry["Name"], json.loads(text)
            except ValueError:
                yield entry["Name"], text
    yield "postgres superuser", (cloud.home / "postgres" / "password").read_text("utf-8").strip()


def _logs_of_functions(cloud: LocalCloud) -> dict[str, str]:
    logs = client("logs", cloud.endpoints.aws)
    found = {}
    for page in logs.get_paginator("describe_log_groups").paginate():
        for group in page["logGroups"]:
            name = group["logGroupName"]
            events = logs.get_paginator("filter_log_events").paginate(logGroupName=name)
            found[name] = "\n".join(event["message"] for part in events for event in part["events"])
    return found


def _logs_of_services(cloud: LocalCloud) -> dict[str, str]:
    return {path.name: path.read_text("utf-8", errors="replace") for path in (cloud.home / "logs").glob("*.log")}
