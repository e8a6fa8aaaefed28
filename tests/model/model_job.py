"""One job of the model: what is promised about it can be read off here."""

from dataclasses import dataclass, field
from typing import NamedTuple


class Audited(NamedTuple):
    """One row of a job's trail: what was done, and the state it went from and to."""

    action: str
    source: str | None
    target: str | None


@dataclass
class ModelJob:
    """One job. token: who holds the running attempt. forgotten: pending for long, and no event under way.

    old: ended longer ago than jobs are kept.
    """

    job_id: str
    tenant: str
    is_ticket: bool
    fail_times: int
    permanent: bool
    max_retries: int
    status: str = "PENDING"
    attempt: int = 0
    replays: int = 0
    version: int = 0
    is_classified: bool = False
    is_discarded: bool = False
    is_forgotten: bool = False
    is_old: bool = False
    token: str | None = None
    has_expired: bool = False
    trail: list[Audited] = field(default_factory=list)

    def go(self, action: str, target: str) -> None:
        """Change state, in one audited transition."""
        self.trail.append(Audited(action, self.status, target))
        self.status = target
        self.version += 1
        self.token = None
        self.has_expired = False
        self.is_forgotten = False
        self.is_old = False

    def leave(self) -> None:
        """Be removed, audited."""
        self.trail.append(Audited("JOB_REMOVED", self.status, None))

    def note(self, action: str) -> None:
        """Audit what changes no state."""
        self.trail.append(Audited(action, self.status, self.status))

    @property
    def has_ended(self) -> bool:
        """Whether it is in one of its final states."""
        return self.status in {"COMPLETED", "FAILED", "CANCELLED"}

    @property
    def waits_for_classifier(self) -> bool:
        """Whether it must not run yet."""
        return self.is_ticket and not self.is_classified
