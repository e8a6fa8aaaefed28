"""Registering, logging in, tokens, and the limit on guessing passwords."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import jwt
import pytest

from tests.e2e.client import PASSWORD, Caller, Tenant, expect_problem, unique
from tests.e2e.waiting import at_once

if TYPE_CHECKING:
    from tests.e2e.cloud import LocalCloud

LOGIN_FAILURES_ALLOWED = 10
LOGIN_WINDOW_SECONDS = 900


def test_a_member_is_added_by_the_admin_and_is_operator_by_default(tenant: Tenant) -> None:
    name = unique("member")

    session = tenant.admin.post("/auth/register", {"username": name, "password": PASSWORD}, status=201)

    assert session["role"] == "OPERATOR"
    assert session["tenantId"] == tenant.tenant_id
    assert session["message"] == f"{name} now belongs to {tenant.tenant_id} as OPERATOR."
    users = tenant.admin.get("/admin/users")["items"]
    assert {user["username"]: user["role"] for user in users} == {tenant.admin_name: "ADMIN", name: "OPERATOR"}


def test_nobody_joins_a_tenant_by_naming_it(tenant: Tenant, anonymous: Caller) -> None:
    body = {"username": unique("stranger"), "password": PASSWORD, "tenantId": tenant.tenant_id}

    expect_problem(anonymous.call("POST", "/auth/register", body), 403)
    expect_problem(tenant.member("OPERATOR").call("POST", "/auth/register", body), 403)
    expect_problem(anonymous.call("POST", "/auth/login", body | {"tenantId": None}), 422)
    assert len(tenant.admin.get("/admin/users")["items"]) == 2


def test_a_username_is_taken_once_across_tenants(tenant: Tenant, other_tenant: Tenant) -> None:
    body = {"username": tenant.admin_name, "password": PASSWORD}

    expect_problem(other_tenant.admin.call("POST", "/auth/register", body), 409)


def test_of_many_who_found_a_tenant_at_once_one_is_its_admin(anonymous: Caller) -> None:
    tenant_id = unique("rush")

    def found(_: int) -> int:
        body = {"username": unique("founder"), "password": PASSWORD, "tenantId": tenant_id}
        return anonymous.call("POST", "/auth/register", body).status_code

    # Cold starts would let the calls come one after the other.
    at_once(lambda _: anonymous.call("POST", "/auth/login", {}), range(5))
    assert sorted(at_once(found, range(5))) == [201, 403, 403, 403, 403]


def test_login_answers_the_same_for_an_unknown_user_and_a_wrong_password(tenant: Tenant, anonymous: Caller) -> None:
    wrong = anonymous.call("POST", "/auth/login", {"username": tenant.admin_name, "password": "something else"})
    unknown = anonymous.call("POST", "/auth/login", {"username": unique("nobody"), "password": PASSWORD})

    assert expect_problem(wrong, 401)["detail"] == expect_problem(unknown, 401)["detail"]
    session = anonymous.post("/auth/login", {"username": tenant.admin_name, "password": PASSWORD})
    assert (session["tenantId"], session["role"]) == (tenant.tenant_id, "ADMIN")


def test_guessing_a_password_is_stopped_for_that_account_alone(
    tenant: Tenant, other_tenant: Tenant, anonymous: Caller
) -> None:
    guess = {"username": tenant.admin_name, "password": "not the password"}

    for _ in range(LOGIN_FAILURES_ALLOWED):
        expect_problem(anonymous.call("POST", "/auth/login", guess), 401)
    stopped = anonymous.call("POST", "/auth/login", guess)

    expect_problem(stopped, 429)
    assert 0 < int(stopped.headers["Retry-After"]) <= LOGIN_WINDOW_SECONDS
    # The right password does not help any more, or guessing would go on.
    expect_problem(anonymous.call("POST", "/auth/login", guess | {"password": PASSWORD}), 429)
    anonymous.post("/auth/login", {"username": other_tenant.admin_name, "password": PASSWORD})


def test_a_password_must_be_long_enough(anonymous: Caller) -> None:
    body = {"username": unique("short"), "password": "12345", "tenantId": unique("short")}

    expect_problem(anonymous.call("POST", "/auth/register", body), 422)


def test_a_token_says_for_how_long_and_for_whom_it_is_good(tenant: Tenant) -> None:
    claims = jwt.decode(tenant.admin.token or "", options={"verify_signature": False})

    assert claims["exp"] - claims["iat"] == 3600
    assert (claims["iss"], claims["aud"]) == ("smart-task-queue", "smart-task-queue-api")
    assert (claims["username"], claims["tenantId"], claims["role"]) == (tenant.admin_name, tenant.tenant_id, "ADMIN")


@pytest.mark.parametrize("forgery", ["other key", "no signature", "changed claims"])
def test_a_forged_token_is_refused(forgery: str, tenant: Tenant, anonymous: Caller) -> None:
    token = tenant.member("VIEWER").token or ""
    head, _, signature = token.split(".")
    wanted = jwt.decode(token, options={"verify_signature": False}) | {"role": "ADMIN"}
    forged = {
        "other key": jwt.encode(wanted, "k" * 64, algorithm="HS256", headers={"kid": "1"}),
        "no signature": jwt.encode(wanted, "", algorithm="none", headers={"kid": "1"}),
        "changed claims": f"{head}.{_encode(wanted)}.{signature}",
    }[forgery]

    expect_problem(Caller(anonymous.http, forged).call("GET", "/admin/users"), 401)


def _encode(claims: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")


def test_no_password_is_kept_as_it_is(tenant: Tenant, cloud: LocalCloud) -> None:
    row = cloud.rows("SELECT password_hash FROM users WHERE username = %s", tenant.admin_name)[0]

    assert row["password_hash"].startswith("$argon2id$")
    assert PASSWORD not in row["password_hash"]
