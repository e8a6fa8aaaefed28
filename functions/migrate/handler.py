"""Brings the schema and the database roles up to date: a custom resource on deploy, or a plain invoke."""

from typing import Any

from functions.migrate.cloudformation import send_answer
from functions.migrate.roles import ensure_roles
from functions.migrate.schema import apply_migrations, read_migrations
from functions.migrate.settings import Settings
from smartqueue.database import Database
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation
from smartqueue.secrets import read_secret

environment = Environment(Settings)


def migrate_database(owner: Database, role_secret_ids: dict[str, str]) -> list[str]:
    """Create roles and apply what is missing; return the names of the migrations applied."""
    connection = owner.connection()
    ensure_roles(connection, {role: read_secret(name, fresh=True) for role, name in role_secret_ids.items()})
    return apply_migrations(connection, read_migrations())


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Migrate, and tell CloudFormation if it asked. Deleting the stack leaves the schema alone."""
    with log_invocation(context) as log:
        asked_by_stack = "ResponseURL" in event
        try:
            deleting = event.get("RequestType") == "Delete"
            applied = (
                []
                if deleting
                else migrate_database(environment.database, environment.settings.database_role_secret_ids)
            )
        except Exception as error:
            if asked_by_stack:
                send_answer(event, "FAILED", reason=f"{type(error).__name__}: see the log of this function")
            raise
        log.info("schema is up to date", extra={"applied": applied})
        if asked_by_stack:
            send_answer(event, "SUCCESS", data={"applied": ",".join(applied)})
        return {"applied": applied}
