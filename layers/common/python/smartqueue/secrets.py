"""Secrets Manager, read through a cache: one call per secret and execution environment every five minutes."""

import json
import time
from collections.abc import Iterator
from typing import Any

from smartqueue.aws import aws_client
from smartqueue.errors import SecretError

SECRET_MAX_AGE_SECONDS = 300

Secret = dict[str, Any]
# What was read, and until when it is good by the wall clock: the others may stand still while Lambda freezes us.
_known: dict[str, tuple[Secret, float]] = {}


def read_secret(secret_id: str, *, fresh: bool = False) -> Secret:
    """Return the JSON object that the secret holds; `fresh` passes the cache by, for use after a rotation.

    Raises SecretError.
    """
    secret, good_until = _known.get(secret_id, ({}, 0.0))
    if fresh or time.time() >= good_until:
        secret = _fetch(secret_id, "AWSCURRENT")
        _known[secret_id] = secret, time.time() + SECRET_MAX_AGE_SECONDS
    return secret


def secret_versions(secret_id: str) -> Iterator[Secret]:
    """Yield the secret as it is known here, then its `current_versions`; some may come more than once.

    Raises SecretError.
    """
    yield read_secret(secret_id)
    yield from current_versions(secret_id)
    # A rotation may have ended between the two looks.
    yield read_secret(secret_id, fresh=True)


def current_versions(secret_id: str) -> Iterator[Secret]:
    """Yield the secret as it is now, and as a rotation under way is about to make it.

    While a rotation gives a server its new password, the current version is the old one for a moment.
    Raises SecretError for the first.
    """
    yield read_secret(secret_id, fresh=True)
    try:
        pending = _fetch(secret_id, "AWSPENDING")
    except SecretError:
        # No rotation is under way.
        return
    yield pending


def forget_secrets() -> None:
    """Let every secret be read anew, by a new client."""
    _known.clear()
    aws_client.cache_clear()


def _fetch(secret_id: str, stage: str) -> Secret:
    # The client below has loaded it anyway.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        answer = aws_client("secretsmanager").get_secret_value(SecretId=secret_id, VersionStage=stage)
        content = json.loads(answer["SecretString"])
    except (BotoCoreError, ClientError, KeyError, ValueError) as error:
        raise SecretError(f"{secret_id} cannot be read: {type(error).__name__}") from error
    if not isinstance(content, dict):
        raise SecretError(f"{secret_id} does not hold a JSON object")
    return content
