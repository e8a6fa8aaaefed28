"""Whether trails begin where they may: behind a head that was sealed, and for so long that what is before it may go."""

import math
from collections.abc import Callable
from datetime import datetime, timedelta

from functions.seal.models import SealDocument
from functions.seal.seals import SealedHead
from smartqueue.audit_chain import Base, Head, Kind, Problem

# Of the database's clock beside that of the seals' bucket.
SLACK = timedelta(hours=1)


class BaseJudge:
    """Judges the bases of one moment.

    kept_days: of audit rows, 0 for ever. last: the newest seal, which says where trails began when it was made, and how
    long their rows were kept then. find: looks a tenant's base up among the seals.
    """

    def __init__(
        self,
        *,
        kept_days: int,
        last: SealDocument | None,
        now: datetime,
        find: Callable[[str, Base], SealedHead | None],
    ) -> None:
        self._now = now
        self._find = find
        self._known = {} if last is None else {tenant.tenant_id: tenant for tenant in last.tenants}
        # Rows that went before a stage was told to keep them for longer went in time.
        in_force = [kept_days] if last is None or last.kept_days is None else [kept_days, last.kept_days]
        self._kept_days = min(days or math.inf for days in in_force)

    def judge(self, tenant_id: str, base: Base | None) -> list[Problem]:
        """Return what is wrong with where a trail begins."""
        begins, began = Head() if base is None else base.head, self.began(tenant_id)
        if begins == began:
            return []
        if base is None or begins.position <= began.position:
            return [_problem(tenant_id, begins, "the trail does not begin where it began when it was last sealed")]
        sealed = self._find(tenant_id, base)
        if sealed is None or sealed.head != begins:
            return [_problem(tenant_id, begins, "the trail begins behind a head that no seal has")]
        if math.isinf(self._kept_days) or self._now - sealed.written_at < timedelta(days=self._kept_days) - SLACK:
            kept = "for ever" if math.isinf(self._kept_days) else f"for {self._kept_days:g} days"
            return [
                _problem(
                    tenant_id,
                    begins,
                    f"the trail begins behind a head of {sealed.written_at:%Y-%m-%d}, and its rows are kept {kept}",
                )
            ]
        return []

    def began(self, tenant_id: str) -> Head:
        """Return where a trail began when it was last sealed and nothing was wrong with that."""
        tenant = self._known.get(tenant_id)
        return Head() if tenant is None or tenant.base is None else tenant.base.head()


def _problem(tenant_id: str, begins: Head, details: str) -> Problem:
    return Problem(tenant_id=tenant_id, kind=Kind.BASE_MISMATCH, details=details, position=begins.position)
