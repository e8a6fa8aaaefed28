"""Seals the heads of all chains, and verifies whole chains against everything that was ever sealed."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime

from functions.seal.auditor import Auditor, Findings, Verified
from functions.seal.bases import BaseJudge
from functions.seal.models import HeadDocument, ProblemView, Report, SealDocument, TenantDocument
from functions.seal.seals import SealedHead, Seals
from functions.seal.settings import Settings
from smartqueue.audit_chain import Base, Head
from smartqueue.metrics import Gauge, Meter
from smartqueue.store.audit_chain import AuditChainStore

SHOWN_PROBLEMS = 100

log = logging.getLogger(__name__)


class Sealing:
    """One invocation's work."""

    def __init__(
        self,
        *,
        store: AuditChainStore,
        seals: Seals,
        settings: Settings,
        meter: Meter,
        remaining_seconds: Callable[[], float],
        now: datetime,
    ) -> None:
        self._store = store
        self._seals = seals
        self._settings = settings
        self._meter = meter
        self._now = now
        self._findings = Findings(kept_at_most=SHOWN_PROBLEMS)
        self._auditor = Auditor(store, self._findings, remaining_seconds)

    def seal(self) -> Report:
        """Verify what came since the last seal, and write where every chain ends now, sound or not."""
        last = self._seals.latest()
        known = {} if last is None else {tenant.tenant_id: tenant for tenant in last.tenants}
        verified: dict[str, Verified] = {}
        for tenant_id in sorted({*self._store.tenants(), *known}):
            tenant = known.get(tenant_id)
            start = Head() if tenant is None else tenant.sound.head()
            sealed = {} if tenant is None else {tenant.head.position: tenant.head.head()}
            verified[tenant_id] = self._auditor.verify(tenant_id, start=start, sealed=sealed)
        judge = self._base_judge(last, lambda tenant_id, base: self._seals.find(base.seal, tenant_id))
        begin_badly = self._judge_bases(judge, verified)
        seal = SealDocument(
            stage=self._settings.stage,
            sealed_at=self._now,
            kept_days=self._settings.retention_audit_days,
            tenants=[
                _document(tenant_id, one, begins=judge.began(tenant_id) if tenant_id in begin_badly else _begin(one))
                for tenant_id, one in verified.items()
            ],
        )
        key = self._seals.write(seal)
        # A trail with a problem is not cut: it is evidence.
        whole = {tenant_id: one.head for tenant_id, one in verified.items() if one.whole and one.head.position}
        self._store.record_seal(key, {tenant_id: whole[tenant_id] for tenant_id in whole.keys() - begin_badly})
        return self._report(verified, key=key, tells_of_all=True)

    def verify(self, tenant_id: str | None) -> Report:
        """Verify one tenant's whole chain, or all, against every head that was ever sealed."""
        sealed: defaultdict[str, dict[int, SealedHead]] = defaultdict(dict)
        last = None
        for seal in self._seals.all():
            last = seal.document
            for tenant, head in seal.heads():
                # The oldest seal of a position is the one that counts.
                sealed[tenant].setdefault(head.head.position, head)
        wanted = sorted({*self._store.tenants(), *sealed}) if tenant_id is None else [tenant_id]
        verified = {
            one: self._auditor.verify(one, start=Head(), sealed={p: h.head for p, h in sealed[one].items()})
            for one in wanted
        }
        judge = self._base_judge(last, lambda tenant, base: sealed[tenant].get(base.head.position))
        self._judge_bases(judge, verified)
        return self._report(verified, key=None, tells_of_all=tenant_id is None)

    def _base_judge(self, last: SealDocument | None, find: Callable[[str, Base], SealedHead | None]) -> BaseJudge:
        return BaseJudge(kept_days=self._settings.retention_audit_days, last=last, now=self._now, find=find)

    def _judge_bases(self, judge: BaseJudge, verified: dict[str, Verified]) -> set[str]:
        """Return the tenants whose trails do not begin where they may."""
        begin_badly = set()
        for tenant_id, one in verified.items():
            problems = judge.judge(tenant_id, one.base)
            self._findings.add(problems)
            if problems:
                begin_badly.add(tenant_id)
        return begin_badly

    def _report(self, verified: dict[str, Verified], *, key: str | None, tells_of_all: bool) -> Report:
        report = Report(
            tenants=len(verified),
            checked=sum(one.checked for one in verified.values()),
            problem_count=self._findings.count,
            problems=[ProblemView.model_validate(problem) for problem in self._findings.problems],
            finished=all(one.finished for one in verified.values()),
            key=key,
        )
        # What one tenant lacks says nothing about the others, and half a look says nothing good.
        if report.problem_count or (tells_of_all and report.finished):
            self._meter.set_gauge(Gauge.AUDIT_PROBLEMS, report.problem_count)
        for problem in self._findings.problems:
            log.error("the audit trail has a problem", extra=asdict(problem))
        if not report.finished:
            log.warning("the time was up before all was verified")
        return report


def _begin(verified: Verified) -> Head:
    return Head() if verified.base is None else verified.base.head


def _document(tenant_id: str, verified: Verified, *, begins: Head) -> TenantDocument:
    return TenantDocument(
        tenant_id=tenant_id,
        head=HeadDocument.from_head(verified.head),
        sound=HeadDocument.from_head(verified.sound),
        base=HeadDocument.from_head(begins) if begins.position else None,
    )
