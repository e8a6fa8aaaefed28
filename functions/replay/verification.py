"""Verifying the audit trail of the caller's tenant, a page at a time."""

from dataclasses import dataclass

from smartqueue.audit_chain import Base, Head, Problem, Verifier, unchained
from smartqueue.cursors import bad_cursor, decode_cursor, encode_cursor
from smartqueue.ids import is_id
from smartqueue.store.audit_chain import AuditChainStore

MAX_POSITION = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class VerifiedPage:
    """checked: links. head, base: where the chain ended and began when the page was read, None at its very beginning.

    next_cursor: None at the end of the trail.
    """

    checked: int
    problems: list[Problem]
    head: Head
    base: Base | None
    next_cursor: str | None


def verify_page(store: AuditChainStore, *, tenant_id: str, cursor: str | None, limit: int) -> VerifiedPage:
    """Check the next links, and whether the next rows have any. Raises UnprocessableError, psycopg.Error."""
    after, after_id = _read(cursor)
    chain, rows = store.both(tenant_id=tenant_id, after=after, after_id=after_id, limit=limit)
    if chain.start is None:
        raise bad_cursor()
    verifier = Verifier(tenant_id=tenant_id, start=chain.start)
    problems = verifier.follow(chain.links)
    if len(chain.links) < limit:
        problems += verifier.finish(chain.head)
    problems += unchained(tenant_id, rows.unchained)
    more = limit in {len(chain.links), rows.seen}
    return VerifiedPage(
        checked=verifier.checked,
        problems=problems,
        head=chain.head or Head(),
        base=chain.base,
        next_cursor=encode_cursor(str(verifier.reached), rows.last_id or after_id or "") if more else None,
    )


def _read(cursor: str | None) -> tuple[int, str | None]:
    if cursor is None:
        return 0, None
    position, audit_id = decode_cursor(cursor, 2)
    if not (position.isascii() and position.isdecimal() and int(position) <= MAX_POSITION):
        raise bad_cursor()
    if audit_id and not is_id(audit_id):
        raise bad_cursor()
    return int(position), audit_id or None
