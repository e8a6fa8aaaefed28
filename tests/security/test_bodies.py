"""Bodies and headers that are no honest mistake: they are refused, and no log line of theirs is more than one line."""

from __future__ import annotations

import base64
import gzip
import io
import json
import logging
import re
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from smartqueue.logs import LIBRARIES, logger
from tests.e2e.client import Caller, Tenant, expect, expect_problem, unique
from tests.integration.invocations import api_event
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud
    from tests.integration.harness import Plane

ROUTES = (
    *(("POST", "/jobs"), ("POST", "/jobs/batch"), ("POST", "/auth/login"), ("POST", "/auth/register")),
    *(("PUT", "/admin/webhook"), ("POST", "/admin/dlq/discard")),
)
BODIES: dict[str, bytes] = {
    "a hundred thousand brackets": b"[" * 100_000,
    "a hundred thousand braces": b'{"a":' * 100_000,
    "closed brackets": b"[" * 100_000 + b"]" * 100_000,
    "UTF-16": '{"title": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"title": "x"}',
    "NUL": b'{"title": "a\x00b"}',
    "NUL, escaped": b'{"title": "a\\u0000b"}',
    "half a surrogate pair": b'{"title": "\\udc00"}',
    "a number of 100,000 digits": b'{"title": ' + b"9" * 100_000 + b"}",
    "a number beyond all": b'{"timeoutSeconds": 1e400}',
    "an exponent of 100,000 digits": b'{"timeoutSeconds": 1e' + b"9" * 100_000 + b"}",
    "no number": b'{"timeoutSeconds": NaN}',
    "comments": b'{"title": "x"} // and more',
    "single quotes": b"{'title': 'x'}",
    "pickled": b"\x80\x04\x95\x10\x00\x00\x00",
    "zipped": gzip.compress(b'{"title": "x"}'),
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>',
    "a form": b"title=x&username=x&password=x",
}
ONE_LINE_BREAKERS = {
    "carriage return and line feed": 'x\r\n{"level":"CRITICAL","message":"forged"}',
    "line feed": 'x\n{"level":"CRITICAL","message":"forged"}',
    "escape sequences": "x\x1b[2J\x1b[1;31mforged\x1b]0;title\x07",
    "JSON": '"},{"level":"CRITICAL","message":"forged',
    "a line separator": "x\u2028\u2029\u0085forged",
    "a format": "%s%s%n {0.__class__} ${jndi:ldap://127.0.0.1/x}",
    "an end of everything": "\x04\x1a\x7f\x9b",
}


@pytest.mark.parametrize("kind", BODIES)
def test_a_body_that_nobody_sends_by_mistake_is_refused(kind: str, house: Tenant) -> None:
    for method, path in ROUTES:
        REQUESTS["bodies"] += 1
        problem = expect_problem(house.admin.call(method, path, content=BODIES[kind]), 400)
        assert len(problem["detail"]) < 300


@pytest.mark.parametrize("raw", [b'"\xff\xfe"', b'"\xc3"', b'"\xc0\xaf"', b'"\xed\xa0\x80"'], ids=ascii)
def test_bytes_that_are_no_text_are_refused_where_they_are_seen(raw: bytes, plane: Plane) -> None:
    # API Gateway hands bodies over as text, in which such bytes are replaced already; as they are they come in base64.
    event = api_event("POST", "/jobs", "", headers={"authorization": f"Bearer {plane.admin()}"})
    body = base64.b64encode(b'{"title": ' + raw + b"}").decode()
    answer = plane.invoke("submit", event | {"body": body, "isBase64Encoded": True})
    assert answer["statusCode"] == 400
    assert plane.rows("SELECT 1 FROM jobs") == []


@pytest.mark.parametrize("filler", [b'"x"', b"[" * 1000, b" "], ids=["text", "brackets", "blanks"])
def test_a_million_bytes_are_too_many_whatever_they_are(filler: bytes, house: Tenant) -> None:
    content = filler * (1_000_000 // len(filler) + 1)
    for method, path in ROUTES:
        expect_problem(house.admin.call(method, path, content=content), 413)


def test_characters_of_many_bytes_are_counted_as_bytes(plane: Plane) -> None:
    # 400,000 characters, 1,200,000 bytes.
    body = json.dumps({"title": "x", "description": "\u20ac" * 400_000}, ensure_ascii=False)
    assert plane.call("submit", "POST", "/jobs", body, token=plane.admin()).status == 413


def test_of_a_name_that_comes_twice_the_last_one_counts_everywhere(tenant: Tenant) -> None:
    # What is checked is what is kept: nothing reads the first and something else the second.
    content = '{"title": "first", "title": "second", "type": "nothing", "type": "simulate", "payload": {}}'
    job = expect(tenant.admin.call("POST", "/jobs", content=content), 201)
    assert (job["title"], job["type"]) == ("second", "simulate")
    expect_problem(tenant.admin.call("POST", "/jobs", content='{"title": "good", "title": ""}'), 422)


@pytest.mark.parametrize(
    "raw",
    [
        b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x",
        b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n{}",
        b"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{",
    ],
    ids=["two lengths", "less than nothing", "more than there is", "a body that never comes"],
)
def test_a_connection_that_lies_about_its_body_leaves_the_next_one_alone(
    raw: bytes, cloud: LocalCloud, house: Tenant
) -> None:
    # The server here is the emulator's; on AWS it is API Gateway that meets those, slow senders too (docs/security.md).
    place = urlsplit(cloud.endpoints.api_url)
    with socket.create_connection((place.hostname or "", place.port or 80), timeout=10) as connection:
        connection.sendall(raw.replace(b"{path}", f"{place.path}/jobs".encode()))
        assert house.admin.call("GET", "/jobs").status_code == 200


@pytest.fixture
def log(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions log, as Lambda sends it to CloudWatch."""
    plane.admin("witness", "witness")
    written = io.StringIO()
    handlers = [handler for name in (*LIBRARIES, logger().name) for handler in logging.getLogger(name).handlers]
    streams = [handler for handler in handlers if type(handler) is logging.StreamHandler]
    assert streams
    for handler in streams:
        monkeypatch.setattr(handler, "stream", written)
    return written


@pytest.mark.parametrize("kind", ONE_LINE_BREAKERS)
def test_whatever_is_said_a_log_line_is_one_json_object(kind: str, plane: Plane, log: io.StringIO) -> None:
    text = ONE_LINE_BREAKERS[kind]
    token = plane.admin()
    job = plane.submit(token, title=f"t {text}"[:200], description=text, payload={})
    said: list[Any] = [
        plane.call("submit", "POST", "/jobs", {"title": text, text: text, "type": text}, token=token).status,
        plane.call("auth", "POST", "/auth/login", {"username": text, "password": text}).status,
        plane.call("query", "GET", "/jobs", token=token, headers={"x-correlation-id": text}).status,
        plane.call("query", "GET", "/jobs", token=f"{token}{text}").status,
        plane.call("query", "GET", "/jobs", token=token, query={"cursor": text, "type": text}).status,
        plane.call("query", "GET", "/jobs/{jobId}", token=token, jobId=text).status,
    ]
    plane.rows("UPDATE outbox SET due_at = now()")
    plane.drive()

    assert all(status < 500 for status in said), said
    # On CloudWatch a line is an event: a second line would be another function's word as good as any.
    lines = [line for line in re.split(r"[\n\r]", log.getvalue()) if line.strip()]
    assert any(job["jobId"] in line for line in lines)
    for line in lines:
        entry = json.loads(line)
        assert isinstance(entry, dict), line
        assert entry.get("message") != "forged"
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", line), line


@pytest.mark.parametrize("kind", ONE_LINE_BREAKERS)
def test_no_header_of_an_answer_says_what_was_not_meant(kind: str, plane: Plane) -> None:
    text = ONE_LINE_BREAKERS[kind]
    token = plane.admin()
    for sent in ({"x-correlation-id": text}, {"origin": text}, {"idempotency-key": text}):
        answer = plane.call("submit", "POST", "/jobs", {"title": "x"}, token=token, headers=sent)
        assert answer.status in {201, 422}
        for value in answer.headers.values():
            assert re.fullmatch(r"[\x20-\x7e]*", value), value
            assert "forged" not in value


def test_what_is_refused_is_refused_before_it_is_kept(tenant: Tenant, anonymous: Caller) -> None:
    for content in BODIES.values():
        tenant.admin.call("POST", "/jobs", content=content)
        anonymous.call("POST", "/auth/register", content=content)
    assert tenant.admin.get("/jobs")["items"] == []
    expect_problem(
        anonymous.call("POST", "/auth/register", {"username": f"{unique('a')}\r\nx", "password": "x" * 20}), 422
    )
