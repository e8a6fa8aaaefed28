"""Requests to the API as its gateway hands them over, and whether they were answered as they should be."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from bench.environment import BenchError, Runs
from bench.payload import JOB_BODY
from bench.tenants import Tenant
from tests.integration.invocations import api_event

JOBS_IN_BATCH = 100


def single(tenant: Tenant) -> dict[str, Any]:
    """Return a POST /jobs."""
    return api_event("POST", "/jobs", dict(JOB_BODY), headers=tenant.headers)


def batch(tenant: Tenant, jobs: Sequence[Mapping[str, Any]] = (JOB_BODY,) * JOBS_IN_BATCH) -> dict[str, Any]:
    """Return a POST /jobs/batch."""
    return api_event("POST", "/jobs/batch", {"jobs": [dict(job) for job in jobs]}, headers=tenant.headers)


def checked(runs: Runs) -> Runs:
    """Return the runs. Raises BenchError when an answer is not the one that was to be measured."""
    refused = [answer for answer in runs.answers if answer["statusCode"] not in (HTTPStatus.OK, HTTPStatus.CREATED)]
    if refused:
        raise BenchError(f"an API call was refused: {refused[0]}")
    return runs
