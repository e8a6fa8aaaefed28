"""Forward-only migrations: numbered files, each applied once, in order; a run that fails applies none."""

import hashlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

from functions.migrate.lock import turn
from smartqueue.database import Connection
from smartqueue.errors import SmartQueueError

FOLDER = Path(__file__).parent / "migrations"
LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

log = logging.getLogger(__name__)


class ChangedMigrationError(SmartQueueError):
    """A migration that was applied has another text now: write a new one instead."""


@dataclass(frozen=True)
class Migration:
    """One file: its name, its SQL and the checksum that guards it against later edits."""

    name: str
    sql: LiteralString

    @property
    def checksum(self) -> str:
        """Return the SHA-256 of the SQL."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Return the migrations of a folder in the order of their numbers."""
    paths = sorted(folder.glob("*.sql"))
    # The files ship with the code and hold no user input, which is what LiteralString stands for.
    return [Migration(path.name, path.read_text("utf-8")) for path in paths]


def apply_migrations(connection: Connection, migrations: list[Migration]) -> list[str]:
    """Apply what is missing and return the names of what was applied.

    Raises ChangedMigrationError or psycopg.Error; then nothing was applied.
    """
    applied: list[str] = []
    # Whoever comes second waits here, then finds nothing left to do.
    with turn(connection):
        connection.execute(LEDGER)
        rows = connection.execute("SELECT name, checksum FROM schema_migrations").fetchall()
        known = {row["name"]: row["checksum"] for row in rows}
        changed = [m.name for m in migrations if m.name in known and known[m.name] != m.checksum]
        if changed:
            raise ChangedMigrationError(f"applied migrations were edited: {', '.join(changed)}")
        for migration in migrations:
            if migration.name in known:
                continue
            connection.execute(migration.sql)
            connection.execute(
                "INSERT INTO schema_migrations (name, checksum) VALUES (%s, %s)",
                (migration.name, migration.checksum),
            )
            log.info("migration applied", extra={"migration": migration.name})
            applied.append(migration.name)
    return applied
