"""The audit trail, read. The methods bear the names of the statements in sql/audit.sql."""

from datetime import datetime
from typing import Any, Self

from smartqueue.database import Database, Row
from smartqueue.models import ApiModel
from smartqueue.store.queries import load


class AuditLogView(ApiModel):
    """One audit row: who did what to which thing, and what state it went from and to."""

    id: str
    tenant_id: str
    user_id: str | None
    username: str
    action: str
    entity_id: str
    old_state: str | None
    new_state: str | None
    details: str
    attributes: dict[str, Any]
    correlation_id: str
    created_at: datetime

    @classmethod
    def from_row(cls, row: Row) -> Self:
        """Read a row of `audit_logs`."""
        user_id = row["user_id"]
        return cls.model_validate({**row, "id": str(row["id"]), "user_id": None if user_id is None else str(user_id)})


class AuditStore:
    """Audit rows in Postgres, of one tenant. Every method raises psycopg.Error when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = load("audit")

    def browse(
        self,
        *,
        tenant_id: str,
        limit: int,
        before_id: str | None = None,
        entity_id: str | None = None,
        action: str | None = None,
        username: str | None = None,
    ) -> list[Row]:
        """Return the tenant's audit rows, newest first."""
        parameters = {
            "tenant_id": tenant_id,
            "limit": limit,
            "before_id": before_id,
            "entity_id": entity_id,
            "action": action,
            "username": username,
        }
        return self._database.query(self._sql["browse"], parameters, tenant_id=tenant_id)

    def timeline(self, entity_id: str, *, tenant_id: str, limit: int) -> list[Row]:
        """Return what happened to one thing, oldest first."""
        parameters = {"tenant_id": tenant_id, "entity_id": entity_id, "limit": limit}
        return self._database.query(self._sql["timeline"], parameters, tenant_id=tenant_id)
