"""A tenant's own program: calls the API functions, and repeats what got no good answer, with the same key."""

import itertools
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.faults.runtime.pool import InvocationError, Pool
from tests.integration.invocations import api_event

PASSWORD = "a-password-of-some-length"
PATIENCE_SECONDS = 40.0
PAUSE_SECONDS = 0.2
SERVER_ERROR = 500
_numbers = itertools.count(1)


class NoAnswerError(Exception):
    """The API gave no good answer for as long as anybody would try."""


@dataclass(frozen=True)
class Api:
    """Calls the API with a token."""

    pool: Pool
    token: str = ""

    def call(
        self, function: str, method: str, resource: str, body: object = None, *, key: str = "", **path: str
    ) -> tuple[int, Any]:
        """Return status and body of the first answer that is no server error. Raises NoAnswerError."""
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if key:
            headers["idempotency-key"] = key
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            status, answer = self._try(function, api_event(method, resource, body, headers=headers, path=path))
            if status < SERVER_ERROR:
                return status, answer
            if time.monotonic() > deadline:
                raise NoAnswerError(f"{method} {resource}: {answer}")
            time.sleep(PAUSE_SECONDS)

    def _try(self, function: str, event: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            answer = self.pool.invoke(function, event)
        except InvocationError as error:
            # API Gateway answers 502 for a function that died.
            return 502, str(error)
        return int(answer["statusCode"]), json.loads(answer["body"])


@dataclass(frozen=True, kw_only=True)
class Tenant:
    """A tenant with its ADMIN's way to the API."""

    tenant_id: str
    api: Api


def found_tenant(pool: Pool, word: str) -> Tenant:
    """Register a new tenant's first user. Raises NoAnswerError."""
    name = f"{word}-{next(_numbers)}-{uuid.uuid4().hex[:6]}"
    body = {"username": f"admin-{name}", "password": PASSWORD, "tenantId": name}
    api = Api(pool)
    status, answer = api.call("auth", "POST", "/auth/register", body)
    # A repeat of a registration whose first answer was lost finds the name taken: then log in.
    if status == 409:
        status, answer = api.call("auth", "POST", "/auth/login", {"username": f"admin-{name}", "password": PASSWORD})
    if "token" not in answer:
        raise NoAnswerError(f"registering {name}: {status} {answer}")
    return Tenant(tenant_id=name, api=Api(pool, answer["token"]))
