"""Brings the schema and the database roles up to date: a custom resource on deploy, or a plain invoke."""

from functools import partial
from typing import Any

import psycopg

from functions.migrate.cloudformation import send_answer
from functions.migrate.lock import patiently
from functions.migrate.oncall import ensure_oncall
from functions.migrate.roles import ensure_roles
from functions.migrate.schema import apply_migrations, read_migrations
from functions.migrate.settings import Settings
from smartqueue.database import Database
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation
from smartqueue.role_passwords import can_log_in
from smartqueue.secrets import current_versions, secret_versions

environment = Environment(Settings)


def migrate_database(owner: Database, settings: Settings) -> list[str]:
    """Create roles and apply what is missing; return the names of the migrations applied."""
    connection = owner.connection()
    secrets = {role: list(current_versions(name)) for role, name in settings.database_role_secret_ids.items()}
    patiently(lambda: ensure_roles(connection, secrets, partial(can_log_in, settings)))
    applied = patiently(lambda: apply_migrations(connection, read_migrations()))
    patiently(lambda: ensure_oncall(connection, partial(owner_gets_in, settings)))
    return applied


def owner_gets_in(settings: Settings) -> bool:
    """Tell whether the owner can open a new connection."""
    database = Database(settings, partial(secret_versions, settings.database_secret_id))
    try:
        database.connection()
    except psycopg.OperationalError:
        return False
    finally:
        database.close()
    return True


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Migrate, and tell CloudFormation if it asked. Deleting the stack leaves the schema alone."""
    with log_invocation(context) as log:
        asked_by_stack = "ResponseURL" in event
        try:
            deleting = event.get("RequestType") == "Delete"
            applied = [] if deleting else migrate_database(environment.database, environment.settings)
        except Exception as error:
            if asked_by_stack:
                send_answer(event, "FAILED", reason=f"{type(error).__name__}: see the log of this function")
            raise
        log.info("schema is up to date", extra={"applied": applied})
        if asked_by_stack:
            send_answer(event, "SUCCESS", data={"applied": ",".join(applied)})
        return {"applied": applied}
