"""The migration files, and the answer that CloudFormation waits for."""

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest

import functions.migrate.handler
from functions.migrate.schema import Migration, read_migrations


class Context:
    aws_request_id = "request-1"


class Stack:
    """CloudFormation's side."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []

    def put(self, url: str, *, json: dict[str, Any], headers: dict[str, str], timeout: float) -> httpx2.Response:
        assert (url, headers, timeout > 0) == ("https://answer.example/", {"Content-Type": ""}, True)
        self.answers.append(json)
        return httpx2.Response(200, request=httpx2.Request("PUT", url))


@pytest.fixture
def stack(monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = Stack()
    monkeypatch.setattr(httpx2, "put", made.put)
    return made


def event(request_type: str) -> dict[str, Any]:
    return {
        "RequestType": request_type,
        "ResponseURL": "https://answer.example/",
        "StackId": "s",
        "RequestId": "r",
        "LogicalResourceId": "l",
    }


def test_migrations_are_numbered_without_gaps_and_describe_themselves() -> None:
    names = [migration.name for migration in read_migrations()]
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for name in names)


def test_they_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("0010_c.sql", "0002_b.sql", "0001_a.sql", "notes.txt"):
        (tmp_path / name).write_text("SELECT 1", "utf-8")
    assert [m.name for m in read_migrations(tmp_path)] == ["0001_a.sql", "0002_b.sql", "0010_c.sql"]


def test_any_edit_changes_the_checksum() -> None:
    one = Migration("0001_a.sql", "SELECT 1")
    assert one.checksum == Migration("0001_a.sql", "SELECT 1").checksum
    assert one.checksum != Migration("0001_a.sql", "SELECT 1 ").checksum


def test_every_tenants_table_is_behind_row_level_security() -> None:
    sql = "".join(migration.sql for migration in read_migrations())
    tables = re.findall(r"CREATE TABLE (\w+) \((.*?)\n\);", sql, re.DOTALL)
    with_tenant = {name for name, columns in tables if "tenant_id" in columns}
    assert with_tenant == {
        *("tenants", "users", "jobs", "audit_logs", "outbox"),
        *("audit_chain", "audit_heads", "audit_seals", "audit_bases"),
    }
    assert set(re.findall(r"ALTER TABLE (\w+) ENABLE ROW LEVEL SECURITY", sql)) == with_tenant


def test_deleting_the_stack_touches_nothing_and_is_answered(stack: Stack) -> None:
    assert functions.migrate.handler.lambda_handler(event("Delete"), Context()) == {"applied": []}
    [answer] = stack.answers
    assert (answer["Status"], answer["StackId"], answer["RequestId"], answer["LogicalResourceId"]) == (
        "SUCCESS",
        "s",
        "r",
        "l",
    )
    assert answer["PhysicalResourceId"]


def test_a_failure_is_answered_without_its_details_and_raised(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrate(*_: object) -> None:
        raise RuntimeError("password is hunter2")

    monkeypatch.setattr(functions.migrate.handler, "migrate_database", migrate)
    monkeypatch.setattr(
        functions.migrate.handler,
        "environment",
        SimpleNamespace(database=None, settings=SimpleNamespace(database_role_secret_ids={})),
    )
    with pytest.raises(RuntimeError):
        functions.migrate.handler.lambda_handler(event("Create"), Context())
    [answer] = stack.answers
    assert (answer["Status"], answer["Reason"]) == ("FAILED", "RuntimeError: see the log of this function")


def test_a_plain_invoke_answers_no_stack(stack: Stack) -> None:
    assert functions.migrate.handler.lambda_handler({"RequestType": "Delete"}, Context()) == {"applied": []}
    assert stack.answers == []
