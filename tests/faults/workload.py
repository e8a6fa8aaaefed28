"""A known set of jobs of every kind, and the client's own list of what was accepted."""

import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from tests.faults.api import Tenant

CREATED, OK, CONFLICT = 201, 200, 409
SUBMITTERS = 4


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of job: what is submitted (`{place}` in a URL is replaced), and how it ends when nothing breaks."""

    name: str
    body: Mapping[str, Any]
    ends: frozenset[str] = frozenset({"COMPLETED"})


def _simulate(name: str, ends: str = "COMPLETED", retry: Mapping[str, Any] | None = None, **payload: Any) -> Kind:
    body = {"type": "simulate", "payload": {"durationSeconds": 0, **payload}, "retry": dict(retry or {})}
    return Kind(name=name, body=body, ends=frozenset({ends}))


def _webhook(name: str, ends: str = "COMPLETED") -> Kind:
    body = {"type": "webhook", "payload": {"url": f"{{place}}/{name}-{{number}}", "data": {"from": "faults"}}}
    return Kind(name=name, body=body, ends=frozenset({ends}))


QUICK = _simulate("quick")
# Longer than a lease: only the heartbeat keeps it.
SLOW = _simulate("slow", durationSeconds=2.0)
STUBBORN = _simulate("stubborn", failTimes=1)
HOPELESS = _simulate("hopeless", "FAILED", failTimes=100, failure="permanent")
# Rests between two attempts for so long that it can be cancelled.
REGRETTED = _simulate("regretted", "CANCELLED", retry={"count": 1, "baseSeconds": 12}, failTimes=1)
ENDLESS = Kind(
    name="endless",
    body={
        "type": "simulate",
        "payload": {"durationSeconds": 60},
        "timeoutSeconds": 1,
        "retry": {"count": 1, "baseSeconds": 0.2},
    },
    ends=frozenset({"FAILED"}),
)
HOOK, FLAKY, REFUSED = _webhook("hook"), _webhook("flaky"), _webhook("refuse", "FAILED")
TICKET = Kind(name="ticket", body={"type": "ticket", "description": "The database is down since 3 a.m."})
# Ended so long ago that it is not kept any more.
OLD = Kind(name="old", body={}, ends=frozenset({"REMOVED"}))
USUAL = (HOOK, FLAKY, REFUSED, QUICK, STUBBORN, HOPELESS, SLOW, TICKET, TICKET, HOOK)


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A job that the API answered 201 (or, to a repeat, 200) for."""

    job_id: str
    tenant_id: str
    kind: Kind


@dataclass(kw_only=True)
class Workload:
    """Submits jobs for some tenants. place: the URL prefix of their webhooks."""

    tenants: Sequence[Tenant]
    place: str
    accepted: list[Accepted] = field(default_factory=list)
    refused: list[tuple[int, Any]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _number: int = 0

    def submit(self, kinds: Sequence[Kind] = USUAL, *, rounds: int = 1, pause_seconds: float = 0.0) -> None:
        """Submit every kind once for every tenant, `rounds` times. Raises NoAnswerError."""
        wanted = [(tenant, kind) for _ in range(rounds) for kind in kinds for tenant in self.tenants]
        with ThreadPoolExecutor(SUBMITTERS) as pool:
            for future in [pool.submit(self._submit_one, tenant, kind, pause_seconds) for tenant, kind in wanted]:
                future.result()

    def cancel_resting(self) -> None:
        """Cancel every job made to be regretted as soon as it rests. Raises NoAnswerError."""
        resting = [job for job in self.accepted if job.kind is REGRETTED]
        for job in resting:
            tenant = next(t for t in self.tenants if t.tenant_id == job.tenant_id)
            deadline = time.monotonic() + 20
            while time.monotonic() < deadline:
                status, _ = tenant.api.call("submit", "POST", "/jobs/{jobId}/cancel", jobId=job.job_id)
                # 409 for a job that runs just now, and for one whose first cancelling got no answer.
                if status == OK or self._status(tenant, job.job_id) == "CANCELLED":
                    break
                time.sleep(0.1)

    @staticmethod
    def _status(tenant: Tenant, job_id: str) -> str:
        _, job = tenant.api.call("query", "GET", "/jobs/{jobId}", jobId=job_id)
        return str(job["status"])

    def _submit_one(self, tenant: Tenant, kind: Kind, pause_seconds: float) -> None:
        with self._lock:
            self._number += 1
            number = self._number
        body = _filled(kind.body, place=self.place, number=str(number))
        status, answer = tenant.api.call(
            "submit", "POST", "/jobs", {"title": f"{kind.name} {number}", **body}, key=uuid.uuid4().hex
        )
        with self._lock:
            if status in {CREATED, OK}:
                self.accepted.append(Accepted(job_id=answer["jobId"], tenant_id=tenant.tenant_id, kind=kind))
            else:
                self.refused.append((status, answer))
        time.sleep(pause_seconds)


def _filled(value: Any, **words: str) -> Any:
    if isinstance(value, str):
        return value.format(**words) if "{" in value else value
    if isinstance(value, Mapping):
        return {name: _filled(inner, **words) for name, inner in value.items()}
    return value
