"""Tenants and users in Postgres. The statements are in users.sql."""

from pathlib import Path

from smartqueue.database import Database, Row, read_queries
from smartqueue.errors import ConflictError, ForbiddenError
from smartqueue.jobs import Action
from smartqueue.roles import Principal


class UserStore:
    """Every method raises psycopg.Error when the database is away; what raises writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql = read_queries(Path(__file__).with_name("users.sql").read_text("utf-8"))

    def create_tenant(self, admin: Principal, *, password_hash: str, correlation_id: str) -> None:
        """Create a tenant and its first user. Raises ForbiddenError (tenant exists) or ConflictError (username)."""
        with self._database.transaction() as connection:
            if not connection.execute(self._sql["create_tenant"], {"tenant_id": admin.tenant_id}).fetchone():
                raise ForbiddenError(
                    f"Tenant {admin.tenant_id} exists already. Its ADMIN can add you: "
                    "POST /auth/register with the ADMIN's token."
                )
            if not connection.execute(self._sql["create_user"], _user(admin, password_hash)).fetchone():
                raise _username_taken(admin.username)
            connection.execute(
                self._sql["record"],
                _record(admin, Action.USER_REGISTERED, admin.username, "first user, as ADMIN", correlation_id),
            )

    def create_user(self, user: Principal, *, by: Principal, password_hash: str, correlation_id: str) -> None:
        """Add a user to a tenant. Raises ConflictError if the username is taken."""
        with self._database.transaction() as connection:
            if not connection.execute(self._sql["create_user"], _user(user, password_hash)).fetchone():
                raise _username_taken(user.username)
            details = f"added as {user.role}"
            connection.execute(
                self._sql["record"], _record(by, Action.USER_REGISTERED, user.username, details, correlation_id)
            )

    def find_user(self, username: str) -> Row | None:
        """Return the user of any tenant, with the password hash, or None."""
        rows = self._database.query(self._sql["find_user"], {"username": username})
        return rows[0] if rows else None

    def browse_users(self, tenant_id: str, *, after: str | None, limit: int) -> list[Row]:
        """Return a tenant's users by name."""
        return self._database.query(self._sql["browse_users"], {"tenant_id": tenant_id, "after": after, "limit": limit})

    def find_webhook(self, tenant_id: str) -> Row:
        """Return the tenant's webhook_url and webhook_key_version."""
        return self._database.query(self._sql["find_webhook"], {"tenant_id": tenant_id})[0]

    def change_webhook(self, by: Principal, *, url: str | None, rotate: bool, correlation_id: str) -> Row:
        """Set or remove the tenant's webhook and perhaps move on to the next secret; return both columns."""
        details = ("webhook removed" if url is None else "webhook set") + (", secret rotated" if rotate else "")
        with self._database.transaction() as connection:
            row = connection.execute(
                self._sql["change_webhook"], {"tenant_id": by.tenant_id, "url": url, "rotate": rotate}
            ).fetchone()
            connection.execute(
                self._sql["record"], _record(by, Action.WEBHOOK_CHANGED, by.tenant_id, details, correlation_id)
            )
        assert row is not None, "the token's tenant exists"  # noqa: S101
        return row


def _username_taken(username: str) -> ConflictError:
    return ConflictError(f"The username {username} is taken: choose another.")


def _user(user: Principal, password_hash: str) -> dict[str, object]:
    return {
        "user_id": user.user_id,
        "tenant_id": user.tenant_id,
        "username": user.username,
        "password_hash": password_hash,
        "role": user.role,
    }


def _record(by: Principal, action: Action, entity_id: str, details: str, correlation_id: str) -> dict[str, object]:
    return {
        "tenant_id": by.tenant_id,
        "user_id": by.user_id,
        "username": by.username,
        "action": action,
        "entity_id": entity_id,
        "details": details,
        "correlation_id": correlation_id,
    }
