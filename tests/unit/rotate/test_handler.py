"""Which secrets can be rotated, and what the log tells of it."""

import io
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import psycopg
import pytest
from moto import mock_aws

import functions.rotate.database_password
import functions.rotate.handler
from functions.rotate.database_password import DatabasePassword
from functions.rotate.handler import choose_kind, lambda_handler
from functions.rotate.kinds import RotationError
from functions.rotate.settings import Settings
from functions.rotate.token_key import TokenKey
from smartqueue.aws import aws_client
from smartqueue.logs import logger
from tests.fakes.secret_rotation import STEPS, begin_rotation

NAME = "smartqueue/test/token-keys"
ROLE = {"username": "smartqueue_api", "password": "old-password"}
SETTINGS = Settings(
    stage="test",
    database_host="h",
    database_port=1,
    database_name="d",
    database_tls=True,
    database_secret_id="owner",
    token_lifetime_seconds=600,
)


class Context:
    aws_request_id = "request-1"


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions.rotate.handler, "environment", SimpleNamespace(settings=SETTINGS, database=None))


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws() as account:
        # Another suite's may still be open around it, and then it is the same one.
        account.reset()
        aws_client.cache_clear()
        yield boto3.client("secretsmanager")
    aws_client.cache_clear()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (ROLE, DatabasePassword),
        ({**ROLE, "host": "db.example", "engine": "postgres"}, DatabasePassword),
        ({"kid": "1", "key": "k" * 64}, TokenKey),
        ({"kid": "2", "key": "k" * 64, "previous": {"kid": "1", "key": "o" * 64}}, TokenKey),
    ],
)
def test_kinds_are_told_apart_by_content(content: dict[str, Any], kind: type) -> None:
    assert type(choose_kind(content)) is kind


@pytest.mark.parametrize(
    "content", [{"key": "hunter2"}, {"token": "hunter2"}, {"apiKey": "hunter2"}, {"username": "hunter2"}, {}]
)
def test_any_other_secret_is_refused_without_being_shown(content: dict[str, str]) -> None:
    with pytest.raises(RotationError, match="no way to rotate") as caught:
        choose_kind(content)
    assert "hunter2" not in str(caught.value)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the function writes to its log, line by line in JSON."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(logger().registered_formatter)
    logger().addHandler(handler)
    yield written
    logger().handlers.remove(handler)


def test_a_whole_rotation_leaves_no_secret_in_the_log(client: Any, log: io.StringIO) -> None:
    client.create_secret(Name=NAME, SecretString=json.dumps({"kid": "1", "key": "o" * 64}))
    token = begin_rotation(NAME)
    for step in STEPS:
        lambda_handler({"SecretId": NAME, "ClientRequestToken": token, "Step": step}, Context())
    current = json.loads(client.get_secret_value(SecretId=NAME)["SecretString"])
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert [line["step"] for line in lines if line["message"] == "step done"] == list(STEPS)
    for secret in ("o" * 64, current["key"]):
        assert secret not in json.dumps(lines)


def test_a_new_password_keeps_everything_else() -> None:
    kind = DatabasePassword(None, SETTINGS)  # type: ignore[arg-type]
    passwords = set()
    for _ in range(5):
        renewed = kind.renew({**ROLE, "host": "db.example"})
        assert {**renewed, "password": ""} == {**ROLE, "host": "db.example", "password": ""}
        passwords.add(renewed["password"])
    assert len(passwords) == 5
    assert all(len(password) == 32 and password.isalnum() for password in passwords)


def test_a_rotation_does_not_turn_one_role_into_another() -> None:
    kind = DatabasePassword(None, SETTINGS)  # type: ignore[arg-type]
    with pytest.raises(RotationError, match="smartqueue_api into smartqueue_owner"):
        kind.apply(ROLE, {"username": "smartqueue_owner", "password": "x"})


def test_a_password_that_does_not_work_is_told_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(functions.rotate.database_password, "can_log_in", lambda *_: False)
    with pytest.raises(RotationError, match="smartqueue_api cannot log in") as caught:
        DatabasePassword(None, SETTINGS).test(ROLE, ROLE)  # type: ignore[arg-type]
    assert ROLE["password"] not in str(caught.value)


def test_a_server_that_is_away_is_no_wrong_password(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise psycopg.OperationalError("connection refused")

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(psycopg.OperationalError, match="connection refused"):
        DatabasePassword(None, SETTINGS).test(ROLE, ROLE)  # type: ignore[arg-type]
