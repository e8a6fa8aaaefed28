"""Plays one fault in a laboratory and judges what is left."""

import random
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.faults.api import NoAnswerError, Tenant, found_tenant
from tests.faults.evidence import Evidence, Observer
from tests.faults.invariants import count_lost, count_repeated_effects, find_violations
from tests.faults.lab import Lab
from tests.faults.scene import Fault, Scene
from tests.faults.workload import Accepted, Workload

TENANTS = 2


@dataclass(kw_only=True)
class Result:
    """How one run went. lost, jobs, repeated_effects: counts. recovery_seconds: from the break until all was done."""

    fault: str
    group: str
    seed: int
    jobs: int
    lost: int
    repeated_effects: int
    recovery_seconds: float
    took_seconds: float
    violations: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return it as a JSON object."""
        return asdict(self)


class Bench:
    """A laboratory in use: runs one fault after the other and remembers every job for a last look."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._observer = Observer(database_url=lab.postgres.superuser_url, access=lab.kafka.access)
        self._accepted: list[Accepted] = []
        self._runs = 0

    def run(self, fault: Fault, *, seed: int) -> Result:
        """Play a fault. What went wrong is in the result; raises nothing that a fault may cause."""
        self._runs += 1
        started = time.monotonic()
        place = f"{self._lab.receiver.base}/run-{self._runs}"
        tenants = self._found_tenants(f"{place}/ticket")
        scene = Scene(
            lab=self._lab,
            tenants=tenants,
            workload=Workload(tenants=tenants, place=place),
            observer=self._observer,
            chance=random.Random(seed),
            orders=fault.orders,
        )
        self._start_afresh(fault)
        problems = self._play(fault, scene)
        accepted = scene.workload.accepted
        self._accepted += accepted
        evidence = self._gather(scene)
        problems += find_violations(evidence, accepted)
        problems += _unexpected_ends(evidence, accepted, fault)
        struck = max([scene.struck_at, *self._strikes(fault)])
        recovery = max(self._observer.latest_end(scene.tenant_ids) - struck, 0.0) if struck else 0.0
        limit = fault.recovery_limit_seconds
        if limit is not None and recovery > limit:
            problems.append(f"recovered after {recovery:.1f} s, {limit:g} are promised")
        if fault.expires_leases and not _expired_leases(evidence):
            problems.append("no lease expired: no worker was at work when it was killed")
        self._lab.disarm()
        return Result(
            fault=fault.name,
            group=fault.group,
            seed=seed,
            jobs=len(accepted),
            lost=count_lost(evidence, accepted),
            repeated_effects=count_repeated_effects(evidence),
            recovery_seconds=round(recovery, 2),
            took_seconds=round(time.monotonic() - started, 2),
            violations=problems,
        )

    def look_again(self) -> list[str]:
        """Check every job of every run once more: what came late would show now."""
        tenants = sorted({job.tenant_id for job in self._accepted})
        evidence = self._observer.gather(tenants, self._lab.receiver.requests_for("/run-"))
        return find_violations(evidence, self._accepted)

    def _found_tenants(self, ticket_url: str) -> tuple[Tenant, ...]:
        tenants = tuple(found_tenant(self._lab.pool, "tenant") for _ in range(TENANTS))
        tenants[0].api.call("auth", "PUT", "/admin/webhook", {"url": ticket_url})
        return tenants

    def _start_afresh(self, fault: Fault) -> None:
        """Replace the environments that the fault is about: one that met a broken broker a moment ago rests."""
        functions = {name.partition(".")[0] for name in fault.orders} - {"trigger"}
        if functions:
            self._lab.pool.kill(*functions)

    def _play(self, fault: Fault, scene: Scene) -> list[str]:
        problems = []
        try:
            fault.play(scene)
        except NoAnswerError as error:
            problems.append(f"the API gave no answer: {error}")
        if not scene.wait_until_done(seconds=fault.patience_seconds):
            problems.append(f"not done within {fault.patience_seconds:g} s")
        problems += [
            f"the order {name} was never carried out" for name in fault.orders.keys() - self._lab.carried_out()
        ]
        problems += [f"refused with {status}: {answer}" for status, answer in scene.workload.refused]
        return problems

    def _gather(self, scene: Scene) -> Evidence:
        return self._observer.gather(scene.tenant_ids, self._lab.receiver.requests_for(f"/run-{self._runs}/"))

    def _strikes(self, fault: Fault) -> list[float]:
        done = self._lab.carried_out()
        return [done[name] for name in fault.orders if name in done]


def _expired_leases(evidence: Evidence) -> int:
    return sum(entry["action"] == "JOB_LEASE_EXPIRED" for entries in evidence.audit.values() for entry in entries)


def _unexpected_ends(evidence: Evidence, accepted: list[Accepted], fault: Fault) -> list[str]:
    allowed = {"FAILED"} if fault.may_use_up_attempts else set()
    return [
        f"{job.kind.name} {job.job_id} ended {status}"
        for job in accepted
        if (status := evidence.end_of(job.job_id)) not in job.kind.ends | allowed
    ]
