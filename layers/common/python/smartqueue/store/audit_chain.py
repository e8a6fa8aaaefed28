"""The audit trail with its chain, as verification reads it. The methods bear the names of sql/audit_chain.sql."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from smartqueue.audit_chain import COLUMNS, Base, Books, Head, Link
from smartqueue.database import Database, Row, Statement
from smartqueue.store.queries import load


@dataclass(frozen=True, kw_only=True)
class ChainPage:
    """Some links of one tenant, and the head and the base of the same moment.

    start: the head that the page starts behind, which is the base's if what was asked for is not kept any more; its
    books are known where a chain begins. None if there is no such link. start_audit_id: of that link, if it is there.
    """

    head: Head | None
    base: Base | None
    start: Head | None
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
        return _chain_page(self._database.query(self._sql["links"], parameters, tenant_id=tenant_id))

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
        return _chain_page(links), _row_page(rows)

    def record_seal(self, seal: str, heads: Mapping[str, Head]) -> None:
        """Note heads, by tenant, that stand in a seal of that name: trails may be cut there when it is old enough.

        Raises ValueError for a head without books.
        """
        records = []
        for tenant_id, head in heads.items():
            if head.books is None:
                raise ValueError(f"{tenant_id}: a head without books is no place to begin at")
            records.append(
                {
                    "tenant_id": tenant_id,
                    "position": head.position,
                    "hash": head.hash.hex(),
                    **asdict(head.books),
                }
            )
        self._database.query(self._sql["record_seal"], {"seal": seal, "heads": json.dumps(records)})


def _chain_page(rows: Sequence[Row]) -> ChainPage:
    first = rows[0]
    base = None
    if (begin := _head(first, "base")) is not None:
        base = Base(head=begin, seal=first["base_seal"], sealed_at=first["base_sealed_at"])
    return ChainPage(
        head=_head(first, "head"),
        base=base,
        start=_start(first, base),
        start_audit_id=first["start_audit_id"],
        links=[_link(row) for row in rows if row["position"] is not None],
    )


def _head(row: Row, which: str) -> Head | None:
    if row[f"{which}_position"] is None:
        return None
    books = Books(**{name.name: row[f"{which}_{name.name}"] for name in fields(Books)})
    return Head(position=row[f"{which}_position"], hash=bytes(row[f"{which}_hash"]), books=books)


def _start(row: Row, base: Base | None) -> Head | None:
    position, start_hash = row["start_position"], row["start_hash"]
    if base is not None and position == base.head.position:
        return base.head
    if position == 0:
        return Head()
    return None if start_hash is None else Head(position=position, hash=bytes(start_hash), books=None)


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
