"""What Secrets Manager does when a rotation is due: moto rotates at once and by itself."""

import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.secretsmanager.models import secretsmanager_backends

STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


def begin_rotation(name: str) -> str:
    """Make the empty version that is to be rotated in, as AWS does before the first step; return its id."""
    secret: Any = secretsmanager_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].secrets[name]
    token = str(uuid.uuid4())
    secret.rotation_enabled = secret.rotation_requested = True
    secret.rotation_lambda_arn = f"arn:aws:lambda:us-east-1:{DEFAULT_ACCOUNT_ID}:function:rotate"
    secret.remove_version_stages_from_old_versions(["AWSPENDING"])
    secret.versions[token] = {"createdate": int(time.time()), "version_id": token, "version_stages": ["AWSPENDING"]}
    return token


def rotate_step_by_step(name: str, handle: Callable[[dict[str, Any]], object]) -> Iterator[str]:
    """Rotate a secret, and pause before the first step and after each."""
    token = begin_rotation(name)
    yield "begun"
    for step in STEPS:
        handle({"SecretId": name, "ClientRequestToken": token, "Step": step})
        yield step
