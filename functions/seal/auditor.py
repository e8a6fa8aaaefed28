"""Verifies whole chains, page by page, as long as there is time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from smartqueue.audit_chain import Base, Head, Problem, Verifier, unchained
from smartqueue.store.audit_chain import AuditChainStore

PAGE = 2000
# For the statement under way and for writing the seal.
RESERVED_SECONDS = 20.0
# Ids begin with the time at which they were made; another machine's clock may be late, and so may a commit.
MARGIN_MILLISECONDS = 3_600_000
_TIME_BITS = 80


@dataclass(kw_only=True)
class Findings:
    """What was found wrong: all of it counted, the first of it kept."""

    kept_at_most: int
    count: int = 0
    problems: list[Problem] = field(default_factory=list)

    def add(self, problems: list[Problem]) -> None:
        """Take down problems."""
        self.count += len(problems)
        self.problems += problems[: self.kept_at_most - len(self.problems)]


@dataclass(frozen=True, kw_only=True)
class Verified:
    """head, base: the tenant's in the database. sound: up to where the chain has no problem. checked: links.

    whole: whether it was followed to its end and has no problem at all.
    """

    head: Head
    base: Base | None
    sound: Head
    checked: int
    finished: bool
    whole: bool


class Auditor:
    """Reads the trails of all tenants."""

    def __init__(self, store: AuditChainStore, findings: Findings, remaining_seconds: Callable[[], float]) -> None:
        self._store = store
        self._findings = findings
        self._remaining_seconds = remaining_seconds

    def verify(self, tenant_id: str, *, start: Head, sealed: Mapping[int, Head]) -> Verified:
        """Verify a chain from a head on, which was sound, up to its end. What is not kept any more is passed over."""
        before = self._findings.count
        page = self._store.links(tenant_id=tenant_id, after=start.position, limit=PAGE)
        begin = page.start
        if begin is None or (begin.position == start.position and begin.hash != start.hash):
            # The chain no longer passes through its start: only from the beginning can be told what became of it.
            whole = self.verify(tenant_id, start=Head(), sealed={**sealed, start.position: start})
            return replace(whole, sound=start)
        verifier = Verifier(tenant_id=tenant_id, start=start, sealed=sealed)
        _pass_over(verifier, begin)
        after_id = None if page.start_audit_id is None else _a_little_before(page.start_audit_id)
        self._findings.add(verifier.follow(page.links))
        while (more := len(page.links) == PAGE) and self._has_time():
            page = self._store.links(tenant_id=tenant_id, after=verifier.reached, limit=PAGE)
            _pass_over(verifier, page.start)
            self._findings.add(verifier.follow(page.links))
        if not more:
            self._findings.add(verifier.finish(page.head))
        finished = not more and self._find_unchained(tenant_id, after_id)
        is_sound = self._findings.count == before
        return Verified(
            head=page.head or Head(),
            base=page.base,
            sound=verifier.head if is_sound else start,
            checked=verifier.checked,
            finished=finished,
            whole=finished and is_sound,
        )

    def _find_unchained(self, tenant_id: str, after_id: str | None) -> bool:
        """Look for rows without a link; return whether there was time for all."""
        while True:
            page = self._store.rows(tenant_id=tenant_id, after_id=after_id, limit=PAGE)
            self._findings.add(unchained(tenant_id, page.unchained))
            if page.seen < PAGE:
                return True
            if not self._has_time():
                return False
            after_id = page.last_id

    def _has_time(self) -> bool:
        return self._remaining_seconds() > RESERVED_SECONDS


def _pass_over(verifier: Verifier, begin: Head | None) -> None:
    """Go to where a page begins, if that is further on: what is before it was removed, maybe since the last page."""
    if begin is not None and begin.position > verifier.reached:
        verifier.go_to(begin)


def _a_little_before(audit_id: str) -> str:
    milliseconds = UUID(audit_id).int >> _TIME_BITS
    return str(UUID(int=max(milliseconds - MARGIN_MILLISECONDS, 0) << _TIME_BITS))
