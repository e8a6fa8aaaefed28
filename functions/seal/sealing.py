"""Seals the heads of all chains, and verifies whole chains against everything that was ever sealed."""

import logging
from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime

from functions.seal.auditor import Auditor, Findings, Verified
from functions.seal.models import HeadDocument, ProblemView, Report, SealDocument, TenantDocument
from functions.seal.seals import Seals
from smartqueue.audit_chain import Head
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
        stage: str,
        meter: Meter,
        remaining_seconds: Callable[[], float],
    ) -> None:
        self._store = store
        self._seals = seals
        self._stage = stage
        self._meter = meter
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
        tenants = [
            TenantDocument(
                tenant_id=tenant_id,
                head=HeadDocument.from_head(one.head),
                sound=HeadDocument.from_head(one.sound),
            )
            for tenant_id, one in verified.items()
        ]
        seal = SealDocument(stage=self._stage, sealed_at=datetime.now(UTC), tenants=tenants)
        return self._report(verified, key=self._seals.write(seal), tells_of_all=True)

    def verify(self, tenant_id: str | None) -> Report:
        """Verify one tenant's whole chain, or all, against every head that was ever sealed."""
        sealed: defaultdict[str, dict[int, Head]] = defaultdict(dict)
        for seal in self._seals.all():
            for tenant in seal.tenants:
                # The oldest seal of a position is the one that counts.
                sealed[tenant.tenant_id].setdefault(tenant.head.position, tenant.head.head())
        wanted = sorted({*self._store.tenants(), *sealed}) if tenant_id is None else [tenant_id]
        verified = {one: self._auditor.verify(one, start=Head(), sealed=sealed[one]) for one in wanted}
        return self._report(verified, key=None, tells_of_all=tenant_id is None)

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
