"""TLS to PostgreSQL: only to a server whose certificate a trusted authority signed for the very name that was asked."""

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

import smartqueue.database
from localstack.certificates import make_certificates
from smartqueue.database import Database
from smartqueue.settings import DatabaseSettings
from tests.fakes.tls_front import TlsFront
from tests.integration.harness import Plane

Connect = Callable[..., Database]


@pytest.fixture
def connect(plane: Plane) -> Iterator[Connect]:
    """Makes databases as functions do that insist on TLS."""
    made: list[Database] = []

    def make(port: int, *, host: str = "localhost") -> Database:
        settings = DatabaseSettings.from_environment(
            {**plane.environment("query"), "DATABASE_HOST": host, "DATABASE_PORT": str(port), "DATABASE_TLS": "true"}
        )
        made.append(Database(settings, lambda: iter([plane.database_secret("api")])))
        return made[-1]

    yield make
    for database in made:
        database.close()


def trust(monkeypatch: pytest.MonkeyPatch, authority: Path) -> None:
    monkeypatch.setattr(smartqueue.database, "TRUSTED_ROOTS", authority)


def test_the_right_server_is_talked_to(
    plane: Plane, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, authority = make_certificates(tmp_path, "localhost")
    trust(monkeypatch, authority)
    with TlsFront(certificate, target_port=plane.postgres.port) as front:
        database = connect(front.port)
        assert database.query("SELECT current_user AS who", {}) == [{"who": "smartqueue_api"}]
        assert database.connection().pgconn.ssl_in_use
        database.close()
        assert front.handshakes == 1


def test_a_certificate_of_another_authority_is_refused_before_the_password_is_sent(
    plane: Plane, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, _ = make_certificates(tmp_path / "theirs", "localhost")
    _, authority = make_certificates(tmp_path / "ours", "localhost")
    trust(monkeypatch, authority)
    with TlsFront(certificate, target_port=plane.postgres.port) as front:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            connect(front.port).connection()
        assert front.handshakes == 0


def test_so_is_one_that_amazon_did_not_sign(plane: Plane, connect: Connect, tmp_path: Path) -> None:
    certificate, _ = make_certificates(tmp_path, "localhost")
    with TlsFront(certificate, target_port=plane.postgres.port) as front:
        with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
            connect(front.port).connection()
        assert front.handshakes == 0


@pytest.mark.parametrize(("named", "host"), [("db.example", "localhost"), ("localhost", "127.0.0.1")])
def test_so_is_one_for_another_name(
    plane: Plane, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, host: str
) -> None:
    certificate, authority = make_certificates(tmp_path, named)
    trust(monkeypatch, authority)
    with TlsFront(certificate, target_port=plane.postgres.port) as front:
        with pytest.raises(psycopg.OperationalError, match="does not match host name"):
            connect(front.port, host=host).connection()
        assert front.handshakes == 0


def test_so_is_a_server_without_tls(plane: Plane, connect: Connect) -> None:
    with pytest.raises(psycopg.OperationalError, match="does not support SSL"):
        connect(plane.postgres.port).connection()
