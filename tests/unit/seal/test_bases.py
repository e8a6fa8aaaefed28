"""Where a trail may begin: behind heads that were sealed, for as long as their rows are kept."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from functions.seal.bases import BaseJudge
from functions.seal.models import HeadDocument, SealDocument, TenantDocument
from functions.seal.seals import SealedHead
from smartqueue.audit_chain import Base, Books, Head, Kind

NOW = datetime(2026, 11, 24, 3, tzinfo=UTC)
OLDER = Head(position=5, hash=b"5" * 32, books=Books(accepted=5, removed=5))
HEAD = Head(position=9, hash=b"9" * 32, books=Books(accepted=9, removed=8, failed=1))


def base(head: Head = HEAD) -> Base:
    return Base(head=head, seal="heads/1.json", sealed_at=NOW)


def last(began: Head | None, *, kept_days: int | None = 90) -> SealDocument:
    tenant = TenantDocument(
        tenant_id="t",
        head=HeadDocument.from_head(HEAD),
        sound=HeadDocument.from_head(HEAD),
        base=None if began is None else HeadDocument.from_head(began),
    )
    return SealDocument(stage="test", sealed_at=NOW - timedelta(days=1), kept_days=kept_days, tenants=[tenant])


def judged(
    found: Base | None,
    *,
    kept_days: int = 90,
    seal: SealDocument | None = None,
    age_days: float | None = 91,
    sealed: Head = HEAD,
) -> int:
    """Return how many problems there are. age_days: of the seal that has the head `sealed`; None for no seal."""

    def find(tenant_id: str, _: Base) -> SealedHead | None:
        assert tenant_id == "t"
        return None if age_days is None else SealedHead(head=sealed, written_at=NOW - timedelta(days=age_days))

    problems = BaseJudge(kept_days=kept_days, last=seal, now=NOW, find=find).judge("t", found)
    assert {problem.kind for problem in problems} <= {Kind.BASE_MISMATCH}
    return len(problems)


def test_a_trail_that_begins_at_its_beginning_needs_no_seal() -> None:
    assert judged(None, age_days=None) == 0
    assert judged(None, seal=last(None), age_days=None) == 0


@pytest.mark.parametrize("began", [None, OLDER])
def test_it_may_begin_behind_a_head_that_was_sealed_for_as_long_as_rows_are_kept(began: Head | None) -> None:
    assert judged(base(), seal=last(began)) == 0
    assert judged(base(), seal=last(began), age_days=89) == 1
    assert judged(base(), seal=last(began), age_days=None) == 1
    assert judged(base()) == 0


@pytest.mark.parametrize(
    "other",
    [
        replace(HEAD, position=8),
        replace(HEAD, hash=b"8" * 32),
        replace(HEAD, books=Books(accepted=9, removed=9)),
    ],
)
def test_it_begins_where_the_seal_says_and_nowhere_else(other: Head) -> None:
    assert judged(base(), sealed=other) == 1
    # What was in order when it was last sealed is so, even if its own seal can be found no more.
    assert judged(base(), seal=last(HEAD), age_days=None) == 0
    assert judged(base(other), seal=last(HEAD), age_days=None) == 1


@pytest.mark.parametrize("found", [None, base(OLDER)])
def test_it_does_not_begin_earlier_than_before(found: Base | None) -> None:
    assert judged(found, seal=last(HEAD), sealed=OLDER) == 1


def test_rows_that_went_before_they_had_to_be_kept_for_longer_went_in_time() -> None:
    assert judged(base(), kept_days=400, seal=last(None, kept_days=90)) == 0
    assert judged(base(), kept_days=0, seal=last(None, kept_days=90)) == 0
    assert judged(base(), kept_days=90, seal=last(None, kept_days=400)) == 0
    assert judged(base(), kept_days=400, seal=last(None, kept_days=400)) == 1
    # A seal of before there was such a thing says nothing.
    assert judged(base(), kept_days=400, seal=last(None, kept_days=None)) == 1


def test_what_is_kept_for_ever_is_never_cut() -> None:
    assert judged(base(), kept_days=0, age_days=5000) == 1
    assert judged(base(), kept_days=0, seal=last(None, kept_days=0), age_days=5000) == 1


def test_seals_of_before_trails_were_cut_can_be_read() -> None:
    old = (
        '{"format":1,"stage":"prod","sealedAt":"2026-01-01T03:00:00Z","tenants":[{"tenantId":"t",'
        '"head":{"position":1,"hash":"HASH","books":{"accepted":1,"pending":1,"processing":0,"completed":0,'
        '"failed":0,"cancelled":0}},"sound":{"position":0,"hash":"HASH","books":null}}]}'
    ).replace("HASH", "00" * 32)
    seal = SealDocument.model_validate_json(old)
    assert (seal.kept_days, seal.tenants[0].base) == (None, None)
    assert seal.tenants[0].head.head().books == Books(accepted=1, pending=1)
