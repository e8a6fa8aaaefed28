"""The first request of a fresh execution environment, for the functions that serve somebody who waits."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from itertools import count
from typing import Any

from bench.environment import BenchError, Environment
from bench.events import Events
from bench.lab import BenchLab
from bench.payload import DESCRIPTION
from bench.requests import batch, checked, single
from bench.tenants import JSON, Tenant, found_tenants
from tests.integration.invocations import api_event
from tests.integration.topics import msk_event

Event = dict[str, Any]
PASSWORD = "a password of the bench"  # noqa: S105 - it opens nothing but a table that lives for minutes
BATCH = 10
METHOD_ARN = "arn:aws:execute-api:us-east-1:000000000000:api/bench/GET/jobs"
WHAT = {
    "auth": "POST /auth/login",
    "authorizer": "one token",
    "submit": "POST /jobs",
    "query": "GET /jobs",
    "replay": "GET /admin/dlq",
    "process": f"a batch of {BATCH} no-op jobs",
    "classify": f"a batch of {BATCH} tickets, by rules",
    "relay": "one look, with nothing due",
}


@contextmanager
def first_requests(lab: BenchLab) -> Iterator[dict[str, Callable[[], Event]]]:
    """Give, by function, what makes an event that no environment has seen."""
    [tenant] = found_tenants(lab, 1, word="cold")
    with lab.start("auth") as auth:
        account = {"username": "cold", "password": PASSWORD}
        registration = {**account, "tenantId": "cold-login"}
        checked(auth.run([api_event("POST", "/auth/register", registration, headers=JSON)]))
    with lab.start("submit") as submit:
        records = _Records(lab, submit, tenant)
        yield {
            "auth": lambda: api_event("POST", "/auth/login", account, headers=JSON),
            "authorizer": lambda: {"authorizationToken": tenant.authorization, "methodArn": METHOD_ARN},
            "submit": lambda: single(tenant),
            "query": lambda: api_event("GET", "/jobs", headers=tenant.headers),
            "replay": lambda: api_event("GET", "/admin/dlq", headers=tenant.headers),
            "process": lambda: records.batch("simulate", {"durationSeconds": 0}),
            "classify": lambda: records.batch("ticket", {}),
            "relay": lambda: {"source": "aws.events"},
        }


def check_answer(name: str, answer: Any) -> None:
    """Raise BenchError if an answer says that the request was not served."""
    if isinstance(answer, dict) and answer.get("statusCode", HTTPStatus.OK) >= HTTPStatus.BAD_REQUEST:
        raise BenchError(f"{name} refused its first request: {answer}")


class _Records:
    """Submits jobs and gives their records."""

    def __init__(self, lab: BenchLab, submit: Environment, tenant: Tenant) -> None:
        self._events = Events(lab, submit)
        self._tenant = tenant
        self._numbers = count()

    def batch(self, job_type: str, payload: dict[str, Any]) -> Event:
        """Return an event with the records of ten new jobs, of titles that no cache knows."""
        job = {"description": DESCRIPTION, "type": job_type, **({"payload": payload} if payload else {})}
        jobs = [{**job, "title": f"the disk of machine {next(self._numbers)} is full"} for _ in range(BATCH)]
        return msk_event(self._events.records([batch(self._tenant, jobs)], BATCH))
