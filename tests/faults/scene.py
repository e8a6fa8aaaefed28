"""One fault, played: tenants of its own, a workload, and the moment at which things broke."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.faults.api import Tenant
from tests.faults.evidence import Observer
from tests.faults.lab import Lab
from tests.faults.workload import Workload

LOOK_SECONDS = 0.05


@dataclass(kw_only=True)
class Scene:
    """What a fault works with. struck_at: when it broke something (Unix time), 0 before."""

    lab: Lab
    tenants: tuple[Tenant, ...]
    workload: Workload
    observer: Observer
    chance: random.Random
    orders: Mapping[str, str] = field(default_factory=dict)
    struck_at: float = 0.0

    @property
    def tenant_ids(self) -> list[str]:
        """Whose jobs these are."""
        return [tenant.tenant_id for tenant in self.tenants]

    def strike(self) -> None:
        """Remember that things break from now on."""
        self.struck_at = self.struck_at or time.time()

    def arm(self) -> None:
        """Arm the fault's failpoints."""
        for name, action in self.orders.items():
            self.lab.order(name, action)

    def wait_until_running(self, count: int, *, seconds: float = 30) -> None:
        """Wait until so many jobs are at work. Raises TimeoutError."""
        deadline = time.monotonic() + seconds
        while self.observer.running(self.tenant_ids) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"never {count} jobs at work at once")
            time.sleep(LOOK_SECONDS / 5)

    def wait_until_done(self, *, seconds: float) -> bool:
        """Wait until every job has ended and everything is published; False when the time is over."""
        deadline = time.monotonic() + seconds
        while self.observer.unfinished(self.tenant_ids):
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_SECONDS)
        return True


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Something that breaks. play: submits jobs and breaks things; returns when nothing is broken any more.

    may_use_up_attempts: whether so much breaks that a job may run out of attempts, which is a legal end.
    real_pace: whether it needs a stage's own waiting times. recovery_limit_seconds: what is promised, if anything is.
    expires_leases: whether it hits workers at work, so that a run in which no lease expires proves nothing.
    """

    name: str
    group: str
    tells: str
    play: Callable[[Scene], None]
    orders: Mapping[str, str] = field(default_factory=dict)
    may_use_up_attempts: bool = False
    patience_seconds: float = 60.0
    real_pace: bool = False
    recovery_limit_seconds: float | None = None
    expires_leases: bool = False
