"""Jobs sent over HTTP at a steady rate, whether earlier ones are answered or not."""

import http.client
import json
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

from bench.environment import BenchError
from bench.payload import JOB_BODY

# So many requests can wait for their answer. A road that needs more is too slow: the next one waits here, which counts.
# Without a bound one pause would become as many new execution environments, which take the machine for themselves.
CONNECTIONS = 16
TIMEOUT_SECONDS = 30
BODY = json.dumps(JOB_BODY).encode()

_local = threading.local()


@dataclass(frozen=True)
class Answered:
    """One job that was taken. due, ended: when it should have been sent and was answered, by the wall clock."""

    job_id: str
    due: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it took; what it waited for a free connection counts."""
        return self.ended - self.due


@dataclass(frozen=True)
class Caller:
    """The ADMIN of a tenant. http.client, because a client that costs little measures the server and not itself."""

    url: str
    tenant_id: str
    headers: dict[str, str]

    @classmethod
    def register(cls, url: str) -> Self:
        """Found a tenant."""
        name = f"bench-{uuid4().hex[:10]}"
        caller = cls(url, name, {"Content-Type": "application/json"})
        body = {"username": name, "password": uuid4().hex, "tenantId": name}
        token = caller.post("/auth/register", json.dumps(body).encode())["token"]
        return cls(url, name, {**caller.headers, "Authorization": f"Bearer {token}"})

    def post(self, path: str, body: bytes) -> Any:
        """Return what a POST was answered. Raises BenchError unless something was made."""
        parts = urlsplit(self.url)
        connection = getattr(_local, parts.netloc, None)
        if connection is None:
            connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
            setattr(_local, parts.netloc, connection)
        connection.request("POST", f"{parts.path}{path}", body=body, headers=self.headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != HTTPStatus.CREATED:
            raise BenchError(f"POST {path} was answered {answer.status}: {text[:300]!r}")
        return json.loads(text)


def send(callers: Sequence[Caller], *, rate: int, seconds: float, connections: int = CONNECTIONS) -> list[Answered]:
    """Send the no-op job at a steady rate, each tenant in its turn; return the answers in their order."""
    began = time.time()

    def one(number: int, due: float) -> Answered:
        job = callers[number % len(callers)].post("/jobs", BODY)
        return Answered(job["jobId"], due, time.time())

    with ThreadPoolExecutor(max_workers=connections) as pool:
        futures = []
        for number in range(round(rate * seconds)):
            due = began + number / rate
            time.sleep(max(due - time.time(), 0.0))
            futures.append(pool.submit(one, number, due))
        return sorted((future.result() for future in futures), key=lambda answer: answer.ended)
