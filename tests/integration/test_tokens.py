"""Tokens at the handlers and at the authorizer: forged, expired and rotated ones."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from smartqueue.ids import new_id
from tests.integration.harness import Plane

OLD, NEW = {"kid": "1", "key": "k" * 64}, {"kid": "2", "key": "n" * 64}
ARN = "arn:aws:execute-api:us-east-1:000000000000:abc/v1/GET/jobs"


@pytest.fixture
def rotating_plane(plane: Plane) -> Iterator[Plane]:
    """The services; in the end the first key is back."""
    yield plane
    plane.change_secret("token-keys", OLD)
    plane.freshen()


def forge(*, key: str = OLD["key"], kid: str | None = "1", algorithm: str = "HS256", **changes: Any) -> str:
    """Sign a token that is good but for the changes; None leaves a claim out."""
    now = datetime.now(UTC)
    claims = {
        "iss": "smart-task-queue",
        "aud": "smart-task-queue-api",
        "sub": new_id(),
        "jti": new_id(),
        "iat": now,
        "exp": now + timedelta(hours=1),
        "username": "alice",
        "tenantId": "tenant-a",
        "role": "ADMIN",
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else {})


def unsigned() -> str:
    head, body, _ = forge().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT", "kid": "1"}).encode()).decode().rstrip("=")
    assert head != none
    return f"{none}.{body}."


def altered() -> str:
    head, _, signature = forge(role="VIEWER").split(".")
    return f"{head}.{forge().split('.')[1]}.{signature}"


BAD: dict[str, Callable[[], str]] = {
    "expired": lambda: forge(exp=datetime.now(UTC) - timedelta(minutes=5)),
    "without an end": lambda: forge(exp=None),
    "for another audience": lambda: forge(aud="another-api"),
    "for no audience": lambda: forge(aud=None),
    "of another issuer": lambda: forge(iss="somebody"),
    "from the future": lambda: forge(iat=datetime.now(UTC) + timedelta(hours=1)),
    "without a subject": lambda: forge(sub=None),
    "without a tenant": lambda: forge(tenantId=None),
    "with an unknown role": lambda: forge(role="ROOT"),
    "with another key": lambda: forge(key="x" * 64),
    "with an unknown key id": lambda: forge(kid="99"),
    "without a key id": lambda: forge(kid=None),
    "with another algorithm": lambda: forge(algorithm="HS512"),
    "unsigned": unsigned,
    "altered": altered,
    "garbage": lambda: "a.b.c",
    "empty": lambda: "",
}


def test_a_good_token_is_let_in(plane: Plane) -> None:
    plane.admin()
    assert plane.call("query", "GET", "/jobs", token=forge()).status == 200


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_token_is_refused_by_handlers_and_authorizer_alike(plane: Plane, kind: str) -> None:
    token = BAD[kind]()
    answer = plane.call("submit", "POST", "/jobs", {"title": "x"}, headers={"authorization": f"Bearer {token}"})
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"] == "application/problem+json"
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        plane.invoke("authorizer", {"authorizationToken": f"Bearer {token}", "methodArn": ARN})
    assert plane.rows("SELECT * FROM jobs") == []


@pytest.mark.parametrize("header", ["Basic YWxpY2U6eA==", "Bearer", "bearer ", "Token abc"])
def test_another_scheme_is_refused(plane: Plane, header: str) -> None:
    assert plane.call("query", "GET", "/jobs", headers={"authorization": header}).status == 401


def test_the_scheme_may_be_written_in_any_case(plane: Plane) -> None:
    token = plane.admin()
    assert plane.call("query", "GET", "/jobs", headers={"authorization": f"BEARER {token}"}).status == 200


def test_a_rotation_breaks_nobody_while_the_previous_key_stays(rotating_plane: Plane) -> None:
    plane = rotating_plane
    before = plane.admin()
    plane.change_secret("token-keys", {**NEW, "previous": OLD})
    plane.freshen()
    after = plane.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"}).body["token"]
    assert jwt.get_unverified_header(after)["kid"] == "2"
    assert [plane.call("query", "GET", "/jobs", token=token).status for token in (before, after)] == [200, 200]

    plane.change_secret("token-keys", NEW)
    plane.freshen()
    assert [plane.call("query", "GET", "/jobs", token=token).status for token in (before, after)] == [401, 200]


def test_an_environment_that_remembers_the_old_keys_accepts_a_token_of_the_new_one(rotating_plane: Plane) -> None:
    plane = rotating_plane
    token = plane.admin()
    assert plane.call("query", "GET", "/jobs", token=token).status == 200
    plane.change_secret("token-keys", {**NEW, "previous": OLD})
    assert plane.call("query", "GET", "/jobs", token=forge(key=NEW["key"], kid="2")).status == 200


def test_the_tenant_comes_from_the_token_and_from_nowhere_else(plane: Plane) -> None:
    token = plane.admin()
    plane.admin("tenant-b", "bob")
    answer = plane.call("submit", "POST", "/jobs", {"title": "x", "tenantId": "tenant-b"}, token=token)
    assert answer.status == 422
    plane.submit(token)
    assert plane.rows("SELECT tenant_id FROM jobs") == [{"tenant_id": "tenant-a"}]


def test_the_authorizer_tells_the_gateway_who_it_is_and_what_the_role_allows(plane: Plane) -> None:
    policy = plane.invoke("authorizer", {"authorizationToken": f"Bearer {forge(role='VIEWER')}", "methodArn": ARN})
    assert policy["context"] == {"tenantId": "tenant-a", "username": "alice", "role": "VIEWER"}
    [statement] = policy["policyDocument"]["Statement"]
    assert statement["Effect"] == "Allow"
    assert all("/v1/GET/" in resource for resource in statement["Resource"])
