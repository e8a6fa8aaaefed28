"""Bad input: a clear 4xx as problem+json with the correlation id, never a stack trace, and nothing changed."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.e2e.client import Caller, Tenant, expect_problem

HOOK = {"title": "x", "type": "webhook"}
SIMULATE = {"title": "x", "type": "simulate"}
URL = "http://127.0.0.1:9999/"
DEEP = '{"a":' * 2000 + "1" + "}" * 2000

# Bodies as they go over the wire, with the status and, where a field is to blame, its name.
RAW: dict[str, tuple[str | bytes, int]] = {
    "no body": ("", 422),
    "malformed": ('{"title": ', 400),
    "two values": ('{"title": "x"} {"title": "y"}', 400),
    "not UTF-8 JSON": (b"\xff\xfe", 400),
    "NaN": ('{"title": "x", "type": "webhook", "payload": {"url": "' + URL + '", "data": {"n": NaN}}}', 400),
    "infinity": ('{"title": "x", "type": "webhook", "payload": {"url": "' + URL + '", "data": {"n": 1e999}}}', 400),
    "a number of 5000 digits": ('{"title": "x", "payload": {"n": ' + "9" * 5000 + "}}", 400),
    "nested deeply": ('{"title": "x", "payload": ' + DEEP + "}", 400),
    "nested beyond reading": ("[" * 100_000 + "]" * 100_000, 400),
    "a NUL character": (json.dumps({"title": "a\0b"}), 400),
    "a NUL in the payload": (json.dumps(HOOK | {"payload": {"url": URL, "data": {"x": "\0"}}}), 400),
    "a NUL in a name": (json.dumps(HOOK | {"payload": {"url": URL, "data": {"\0": 1}}}), 400),
    "half a surrogate pair": ('{"title": "a\\ud800b"}', 400),
    "an array": ("[]", 422),
    "a string": ('"title"', 422),
    "null": ("null", 422),
}
FIELDS: dict[str, tuple[dict[str, Any], str]] = {
    "no title": ({"description": "x"}, "title"),
    "empty title": ({"title": "   "}, "title"),
    "title of another type": ({"title": 1}, "title"),
    "title too long": ({"title": "x" * 201}, "title"),
    "description too long": ({"title": "x", "description": "x" * 10_001}, "description"),
    "unknown field": ({"title": "x", "colour": "red"}, "colour"),
    "a field that is ours to set": ({"title": "x", "status": "COMPLETED"}, "status"),
    "unknown type": ({"title": "x", "type": "teleport"}, "type"),
    "payload of another type": ({"title": "x", "payload": [1]}, "payload"),
    "payload for a ticket": ({"title": "x", "payload": {"a": 1}}, "payload.a"),
    "payload without a url": (HOOK, "payload.url"),
    "payload with a bad url": (HOOK | {"payload": {"url": "gopher://x"}}, "payload.url"),
    "payload with more": (HOOK | {"payload": {"url": URL, "method": "DELETE"}}, "payload.method"),
    "payload too large": (HOOK | {"payload": {"url": URL, "data": {"x": "y" * 66_000}}}, "payload"),
    "duration out of range": (SIMULATE | {"payload": {"durationSeconds": -1}}, "payload.durationSeconds"),
    "too many retries": ({"title": "x", "retry": {"count": 11}}, "retry.count"),
    "back-off out of range": ({"title": "x", "retry": {"baseSeconds": 0}}, "retry.baseSeconds"),
    "timeout out of range": ({"title": "x", "timeoutSeconds": 31}, "timeoutSeconds"),
}
NUL = "%00"
ADDRESSES: dict[str, tuple[str, str, int]] = {
    "unknown route": ("GET", "/nowhere", 404),
    "unknown route below a known one": ("GET", "/jobs/a/b/c", 404),
    "another method": ("PATCH", "/jobs", 404),
    "bad UUID": ("GET", "/jobs/not-a-uuid", 404),
    "bad UUID, timeline": ("GET", "/jobs/not-a-uuid/timeline", 404),
    "bad UUID, cancel": ("POST", "/jobs/123/cancel", 404),
    "bad UUID, replay": ("POST", "/admin/jobs/'; DROP TABLE jobs;--/replay", 404),
    "bad UUID, audit": ("GET", "/admin/audit-logs/zzz", 404),
    "NUL in a path": ("GET", f"/jobs/{NUL}", 404),
    "bad cursor": ("GET", "/jobs?cursor=nonsense", 422),
    "cursor of another list": ("GET", "/jobs?cursor=WyJhIl0", 422),
    "bad cursor, dead letters": ("GET", "/admin/dlq?cursor=!!", 422),
    "bad cursor, audit": ("GET", "/admin/audit-logs?cursor=WyJhIl0", 422),
    "NUL in a cursor": ("GET", "/admin/users?cursor=WyJcdTAwMDAiXQ", 422),
    "limit 0": ("GET", "/jobs?limit=0", 422),
    "limit 101": ("GET", "/jobs?limit=101", 422),
    "limit of another type": ("GET", "/jobs?limit=many", 422),
    "unknown status": ("GET", "/jobs?status=ASLEEP", 422),
    "unknown category": ("GET", "/jobs?category=Weather", 422),
    "unknown priority": ("GET", "/jobs?priority=highest", 422),
    "unknown action": ("GET", "/admin/audit-logs?action=JOB_EATEN", 422),
    "NUL in a filter": ("GET", f"/jobs?type={NUL}", 400),
    "NUL in a reason": ("GET", f"/admin/dlq?reason={NUL}", 400),
}
OTHER_BODIES: dict[str, tuple[str, str, dict[str, Any], int]] = {
    "empty batch": ("POST", "/jobs/batch", {"jobs": []}, 422),
    "batch of no jobs": ("POST", "/jobs/batch", {"jobs": ["x"]}, 422),
    "username with a space": ("POST", "/auth/register", {"username": "a b", "password": "long enough"}, 422),
    "unknown role": ("POST", "/auth/register", {"username": "a", "password": "long enough", "role": "ROOT"}, 422),
    "login without a password": ("POST", "/auth/login", {"username": "a"}, 422),
    "bulk replay by a bad id": ("POST", "/admin/dlq/replay", {"jobIds": ["x"]}, 422),
    "bulk discard by an unknown filter": ("POST", "/admin/dlq/discard", {"everything": True}, 422),
    "bulk discard by a time without a zone": ("POST", "/admin/dlq/discard", {"failedAfter": "2026-01-01T00:00"}, 422),
    "webhook without encryption": ("PUT", "/admin/webhook", {"url": "http://93.184.216.34/"}, 422),
    "webhook to a file": ("PUT", "/admin/webhook", {"url": "file:///etc/passwd"}, 422),
    "webhook with a NUL": ("PUT", "/admin/webhook", {"url": "http://127.0.0.1:9999/\0"}, 400),
}


@pytest.fixture(scope="module")
def careless(anonymous: Caller) -> Tenant:
    return Tenant.found(anonymous, "careless")


@pytest.mark.parametrize(("content", "status"), RAW.values(), ids=RAW)
def test_a_body_that_cannot_be_read(content: str | bytes, status: int, careless: Tenant) -> None:
    expect_problem(careless.admin.call("POST", "/jobs", content=content), status)


@pytest.mark.parametrize(("body", "field"), FIELDS.values(), ids=FIELDS)
def test_a_field_that_breaks_a_rule_is_named(body: dict[str, Any], field: str, careless: Tenant) -> None:
    problem = expect_problem(careless.admin.call("POST", "/jobs", body), 422)

    assert [error["field"] for error in problem["errors"]] == [field]
    assert all(error["message"] for error in problem["errors"])


@pytest.mark.parametrize(("method", "path", "status"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_leads_nowhere(method: str, path: str, status: int, careless: Tenant) -> None:
    target = quote(path, safe="/?=&%!")

    expect_problem(careless.admin.call(method, target), status)


@pytest.mark.parametrize(("method", "path", "body", "status"), OTHER_BODIES.values(), ids=OTHER_BODIES)
def test_other_routes_look_as_closely(
    method: str, path: str, body: dict[str, Any], status: int, careless: Tenant
) -> None:
    expect_problem(careless.admin.call(method, path, body), status)


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/xml"],
)
def test_another_content_type(content_type: str, careless: Tenant) -> None:
    for path in ("/jobs", "/auth/login"):
        content = '{"title": "x", "username": "a", "password": "my secret"}'
        answer = careless.admin.call("POST", path, content=content, headers={"Content-Type": content_type})

        expect_problem(answer, 415)
        assert "my secret" not in answer.text


@pytest.mark.parametrize("key", ["", "two words", "x" * 201, "tab\tbed"])
def test_a_bad_idempotency_key(key: str, careless: Tenant) -> None:
    expect_problem(careless.admin.call("POST", "/jobs", {"title": "x"}, headers={"Idempotency-Key": key}), 422)


def test_nothing_of_all_that_made_a_job(anonymous: Caller) -> None:
    tenant = Tenant.found(anonymous, "nothing")
    for content, _ in RAW.values():
        tenant.admin.call("POST", "/jobs", content=content)
    for body, _ in FIELDS.values():
        tenant.admin.call("POST", "/jobs", body)

    assert tenant.admin.get("/jobs")["items"] == []
    actions = [row["action"] for row in tenant.admin.get("/admin/audit-logs")["items"]]
    assert actions == ["USER_REGISTERED"]
