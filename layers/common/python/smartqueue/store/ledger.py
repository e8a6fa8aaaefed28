"""The books that the audit trail keeps, compared with the jobs. The methods bear the names of sql/ledger.sql."""

from dataclasses import dataclass

from smartqueue.database import Database
from smartqueue.store.queries import load


@dataclass(frozen=True, kw_only=True)
class Ledger:
    """A tenant's jobs: accepted by the books, then counted by status, then removed after their end, by the books.

    unaccounted: by how many jobs the counts and the books differ, added up over the states; 0 if nothing was lost.
    """

    accepted: int
    pending: int
    processing: int
    completed: int
    failed: int
    cancelled: int
    removed: int
    unaccounted: int


class LedgerStore:
    """Books and jobs in Postgres. Every method raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("ledger")

    def of_tenant(self, tenant_id: str) -> Ledger:
        """Return one tenant's."""
        return Ledger(**self._database.query(self._sql["of_tenant"], {"tenant_id": tenant_id}, tenant_id=tenant_id)[0])

    def unaccounted(self) -> int:
        """Return by how many jobs books and counts differ, over all tenants and states, for a role that sees all."""
        return int(self._database.query(self._sql["unaccounted"], {})[0]["unaccounted"])
