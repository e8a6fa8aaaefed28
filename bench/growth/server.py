"""A Postgres of its own, set up for loading or for measuring, with one database per length of the past."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from functions.migrate.roles import ensure_roles
from functions.migrate.schema import apply_migrations, read_migrations
from infra.cdk.components.postgres_parameters import vacuum_parameters
from localstack.network import free_port
from localstack.services.postgres import Postgres
from smartqueue.database import Connection, Credentials, Database
from smartqueue.settings import DatabaseSettings
from tests.integration.wiring import ROLES

# Nothing survives a crash while it loads; whoever measures restarts it durable.
LOADING = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "1GB",
    "vacuum_buffer_usage_limit": "0",
    "max_parallel_maintenance_workers": "1",
    "bgwriter_delay": "10s",
}
# What RDS gives a server with 8 GB (a quarter of its memory for buffers, half of it expected in some cache), with the
# stage's own vacuum settings. Autovacuum waits until nobody measures latencies.
MEASURING = {
    "shared_buffers": "2GB",
    "effective_cache_size": "4GB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "track_io_timing": "on",
    "autovacuum": "off",
    **vacuum_parameters(),
}


class Server:
    """A context manager."""

    def __init__(self, folder: Path) -> None:
        self.postgres = Postgres(data=folder, port=free_port(), durable=True)

    def __enter__(self) -> Self:
        self.postgres.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.postgres.stop()

    def set_up(self, settings: Mapping[str, str]) -> None:
        """Restart with these settings and no others."""
        with self.superuser("postgres") as connection:
            connection.execute("ALTER SYSTEM RESET ALL")
            for name, value in settings.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        self.postgres.stop()
        self.postgres.start()

    def change(self, **settings: str) -> None:
        """Change settings that need no restart."""
        with self.superuser("postgres") as connection:
            for name, value in settings.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
            connection.execute("SELECT pg_reload_conf()")

    def create(self, name: str) -> None:
        """Make a database with the schema, and the roles with it."""
        with self.superuser("postgres") as connection:
            owner = sql.Identifier(self.postgres.user)
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), owner))
        with self._connect(name, self.postgres.user, self.postgres.password) as connection:
            ensure_roles(connection, {role: [_secret(role)] for role in ROLES}, lambda _: True)
            apply_migrations(connection, read_migrations())

    @contextmanager
    def superuser(self, name: str) -> Iterator[Connection]:
        """Give a connection past row-level security and triggers."""
        with self._connect(name, "postgres", self.postgres.password) as connection:
            connection.execute("SET session_replication_role = replica")
            yield connection

    def database(self, name: str, role: str, kind: Callable[[DatabaseSettings, Credentials], Database]) -> Database:
        """Return a function's way to a database."""
        settings = DatabaseSettings(
            database_host=self.postgres.host,
            database_port=self.postgres.port,
            database_name=name,
            database_tls=False,
            database_secret_id="",
        )
        return kind(settings, lambda: iter([_secret(role)]))

    def _connect(self, name: str, user: str, password: str) -> Connection:
        return psycopg.connect(
            host=self.postgres.host,
            port=self.postgres.port,
            dbname=name,
            user=user,
            password=password,
            autocommit=True,
            row_factory=dict_row,
        )


def _secret(role: str) -> dict[str, str]:
    return {"username": f"smartqueue_{role}", "password": f"{role}-secret"}
