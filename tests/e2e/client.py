"""The API as its users call it: over HTTP, with a token, as a member of a tenant."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx2

from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from httpx2 import Response

PASSWORD = "correct horse battery"
ENDED = frozenset({"COMPLETED", "FAILED", "CANCELLED"})
# Makes a job of a tenant that stays PENDING between two attempts.
type Rest = Callable[[Tenant], dict[str, Any]]

_numbers = itertools.count(1)
# Every password that was sent, so that logs can be searched for them.
PASSWORDS: set[str] = set()


def unique(word: str) -> str:
    """A name nobody else uses, neither in this run nor in an earlier one on the same data."""
    return f"{word}-{next(_numbers)}-{uuid4().hex[:8]}"


@dataclass(frozen=True)
class Caller:
    """Somebody who calls the API, with a token or without."""

    http: httpx2.Client
    token: str | None = None

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        content: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str | int] | None = None,
    ) -> Response:
        """Send one request: `body` as JSON, or `content` as it is."""
        if isinstance(body, dict) and isinstance(body.get("password"), str):
            PASSWORDS.add(body["password"])
        sent = {} if self.token is None else {"Authorization": f"Bearer {self.token}"}
        if content is not None:
            sent["Content-Type"] = "application/json"
        return self.http.request(
            method,
            path.lstrip("/"),
            json=body,
            content=content,
            headers={**sent, **(headers or {})},
            # Not an empty one, which would take away what the path says after its question mark.
            params=dict(query) if query else None,
        )

    def get(self, path: str, **query: str | int) -> Any:
        """The body of a GET that must be answered with 200."""
        return expect(self.call("GET", path, query=query), 200)

    def post(self, path: str, body: object = None, *, status: int = 200) -> Any:
        """The body of a POST that must be answered with `status`."""
        return expect(self.call("POST", path, body), status)

    def submit(self, title: str = "A job", **fields: object) -> dict[str, Any]:
        """Submit one job that must be taken, and return it."""
        job: dict[str, Any] = self.post("/jobs", {"title": title, **fields}, status=201)
        return job

    def job(self, job_id: str) -> dict[str, Any]:
        """Read one job."""
        job: dict[str, Any] = self.get(f"/jobs/{job_id}")
        return job

    def steps(self, job_id: str) -> list[dict[str, Any]]:
        """The steps of a job's timeline."""
        steps: list[dict[str, Any]] = self.get(f"/jobs/{job_id}/timeline")["steps"]
        return steps

    def moves(self, job_id: str) -> list[dict[str, Any]]:
        """The steps of a job's timeline without its classification, which comes when it comes."""
        return [step for step in self.steps(job_id) if step["action"] != "JOB_CLASSIFIED"]

    def wait_for(self, job_id: str, *statuses: str, seconds: float = 40, classified: bool = False) -> dict[str, Any]:
        """Wait until a job has one of the statuses (by default: any that ends it) and return it.

        classified: wait for the classifier too, so that nobody has anything left to do with the job.
        """
        wanted = set(statuses) or ENDED

        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in wanted and (job["category"] or not classified) else None

        return wait_until(look, f"job {job_id} in {sorted(wanted)}", seconds=seconds)


def expect(answer: Response, status: int) -> Any:
    """The body of an answer that must have `status`."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text}"
    return answer.json()


def expect_problem(answer: Response, status: int) -> dict[str, Any]:
    """The body of a refusal, checked to be problem+json that tells a correlation id and nothing of our inside."""
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.text}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["correlationId"] == answer.headers["X-Correlation-ID"]
    for trace in ("Traceback", "psycopg", "pydantic", 'File "', ".py"):
        assert trace not in answer.text
    return problem


@dataclass(frozen=True)
class Tenant:
    """A tenant of one test's own, with a user of each role."""

    tenant_id: str
    anonymous: Caller
    admin: Caller
    admin_name: str

    @classmethod
    def found(cls, anonymous: Caller, word: str = "tenant") -> Tenant:
        """Register a new tenant's first user."""
        tenant_id, username = unique(word), unique("admin")
        body = {"username": username, "password": PASSWORD, "tenantId": tenant_id}
        session = anonymous.post("/auth/register", body, status=201)
        return cls(tenant_id, anonymous, Caller(anonymous.http, session["token"]), username)

    def member(self, role: str) -> Caller:
        """A new user of this tenant with that role."""
        body = {"username": unique(role.lower()), "password": PASSWORD, "role": role}
        session = self.admin.post("/auth/register", body, status=201)
        assert session["role"] == role
        return Caller(self.anonymous.http, session["token"])

    def failed_job(self, title: str = "Fails for good", **fields: object) -> dict[str, Any]:
        """A job that has failed without any retry."""
        payload = {"durationSeconds": 0, "failTimes": 100, "failure": "permanent"}
        job = self.admin.submit(title, type="simulate", payload=payload, **fields)
        return self.admin.wait_for(job["jobId"], "FAILED", classified=True)

    def resting_job(self) -> dict[str, Any]:
        """A job that stays PENDING for a minute: its first attempt failed and the next one is due then."""
        payload = {"durationSeconds": 0, "failTimes": 1}
        job = self.admin.submit("Rests", type="simulate", payload=payload, retry={"count": 1, "baseSeconds": 60})

        def look() -> dict[str, Any] | None:
            seen = self.admin.job(job["jobId"])
            return seen if seen["status"] == "PENDING" and seen["attempts"] == 1 else None

        return wait_until(look, "a job between two attempts")
