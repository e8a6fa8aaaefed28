"""Letting jobs, seals and clocks grow old within a test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

import functions.seal.handler
import functions.submit.submission
from smartqueue.ids import new_id
from tests.integration.harness import Plane
from tests.integration.trails import tamper

DAY_MILLISECONDS = 86_400_000
_TIME_BITS = 80


def old_id(days: float) -> str:
    """Return an id as it was made so many days ago."""
    return str(UUID(int=UUID(new_id()).int - (int(days * DAY_MILLISECONDS) << _TIME_BITS)))


@contextmanager
def submitting_days_ago(days: float) -> Iterator[None]:
    """Let jobs that are submitted meanwhile have ids of so many days ago."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functions.submit.submission, "new_id", lambda: old_id(days))
        yield


def end_days_ago(plane: Plane, days: float, *job_ids: str) -> None:
    """Let jobs that have ended (without ids: all of them) have done so earlier by so many days."""
    plane.rows(
        "UPDATE jobs SET completed_at = completed_at - %s * interval '1 day'"
        " WHERE completed_at IS NOT NULL AND (%s::uuid[] = '{}' OR job_id = ANY(%s::uuid[]))",
        days,
        list(job_ids),
        list(job_ids),
    )


def age_seals(plane: Plane, days: float, *, up_to: int | None = None, tenant: str = "tenant-a") -> None:
    """Let a tenant's seals of positions up to one (without: all) have been made earlier by so many days."""
    condition = f"tenant_id = '{tenant}'" + ("" if up_to is None else f" AND position <= {up_to}")
    tamper(plane, f"UPDATE audit_seals SET sealed_at = sealed_at - {days} * interval '1 day' WHERE {condition}")


@contextmanager
def days_later(days: float) -> Iterator[None]:
    """Let the seal function's clock be ahead: the seals that are there are as much older."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functions.seal.handler, "now", lambda: datetime.now(UTC) + timedelta(days=days))
        yield


def look_until_nothing_is_old(plane: Plane, *, at_most: int = 50) -> None:
    """Let the relay look until it removes nothing any more."""
    count = "SELECT (SELECT count(*) FROM jobs) AS jobs, (SELECT count(*) FROM audit_chain) AS links"
    for _ in range(at_most):
        before = plane.rows(count)
        plane.look()
        if plane.rows(count) == before:
            return
    raise AssertionError("the relay never stops removing")
