"""The audit trail with its chain, as verification reads it. The methods bear the names of sql/audit_chain.sql."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from smartqueue.audit_chain import COLUMNS, GENESIS, Books, Head, Link
from smartqueue.database import Database, Row, Statement
from smartqueue.store.queries import load


@dataclass(frozen=True, kw_only=True)
class ChainPage:
    """Some links of one tenant and the head of the same moment.

    start_hash, start_audit_id: of the link that the page starts behind; None where there is no such link.
    """

    head: Head | None
    start_hash: bytes | None
    start_audit_id: str | None
    links: list[Link]


@dataclass(frozen=True, kw_only=True)
class RowPage:
    """Some audit rows of one tenant. seen: how many. last_id: of the last one. unchained: those without a link."""

    seen: int
    last_id: str | None
    unchained: list[str]


class AuditChainStore:
    """Chains in Postgres. Every method is one round trip and raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("audit_chain")

    def tenants(self) -> list[str]:
        """Return all tenants, for a role that sees them."""
        return [row["tenant_id"] for row in self._database.query(self._sql["tenants"], {})]

    def links(self, *, tenant_id: str, after: int, limit: int) -> ChainPage:
        """Return the tenant's next links behind a position."""
        parameters = {"tenant_id": tenant_id, "after": after, "limit": limit}
        return _chain_page(self._database.query(self._sql["links"], parameters, tenant_id=tenant_id), after)

    def rows(self, *, tenant_id: str, after_id: str | None, limit: int) -> RowPage:
        """Look for rows without a link among the tenant's next rows."""
        parameters = {"tenant_id": tenant_id, "after_id": after_id, "limit": limit}
        return _row_page(self._database.query(self._sql["rows"], parameters, tenant_id=tenant_id))

    def both(self, *, tenant_id: str, after: int, after_id: str | None, limit: int) -> tuple[ChainPage, RowPage]:
        """Do both in one round trip."""
        links, rows = self._database.run(
            Statement(self._sql["links"], {"tenant_id": tenant_id, "after": after, "limit": limit}),
            Statement(self._sql["rows"], {"tenant_id": tenant_id, "after_id": after_id, "limit": limit}),
            tenant_id=tenant_id,
        )
        return _chain_page(links, after), _row_page(rows)


def _chain_page(rows: Sequence[Row], after: int) -> ChainPage:
    first = rows[0]
    head = None
    if first["has_head"]:
        books = Books(**{name.name: first[name.name] for name in fields(Books)})
        head = Head(position=first["head_position"], hash=bytes(first["head_hash"]), books=books)
    start_hash = first["start_hash"]
    return ChainPage(
        head=head,
        start_hash=GENESIS if after == 0 else start_hash and bytes(start_hash),
        start_audit_id=first["start_audit_id"],
        links=[_link(row) for row in rows if row["position"] is not None],
    )


def _link(row: Row) -> Link:
    return Link(
        position=row["position"],
        hash=bytes(row["hash"]),
        audit_id=row["audit_id"],
        values=None if row["id"] is None else [row[name] for name in COLUMNS],
    )


def _row_page(rows: Sequence[Row]) -> RowPage:
    [row] = rows
    return RowPage(seen=row["seen"], last_id=row["last_id"], unchained=row["unchained"] or [])
