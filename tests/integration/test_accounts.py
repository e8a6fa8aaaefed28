"""Who may register, how often a login may fail, how much a tenant may submit."""

from functools import partial

import pytest
import redis

from functions.auth.models import RegisterBody, Session
from smartqueue.errors import ForbiddenError
from tests.integration.harness import Answer, Plane
from tests.integration.parts import Parts, at_once

ALICE = {"username": "alice", "password": "pass123"}


def register(plane: Plane, token: str | None = None, **fields: object) -> Answer:
    return plane.call("auth", "POST", "/auth/register", {"password": "pass123", **fields}, token=token)


def login(plane: Plane, username: str = "alice", password: str = "pass123") -> Answer:
    return plane.call("auth", "POST", "/auth/login", {"username": username, "password": password})


def test_the_first_user_of_a_tenant_becomes_its_admin_whatever_role_was_asked_for(plane: Plane) -> None:
    answer = register(plane, username="alice", tenantId="tenant-a", role="VIEWER")
    assert (answer.status, answer.body["role"], answer.body["tenantId"]) == (201, "ADMIN", "tenant-a")
    assert login(plane).body["role"] == "ADMIN"


def test_no_cache_keeps_a_token(plane: Plane) -> None:
    answers = [register(plane, username="alice", tenantId="tenant-a"), login(plane)]
    assert [(answer.status, answer.headers["Cache-Control"]) for answer in answers] == [
        (201, "no-store"),
        (200, "no-store"),
    ]


def test_nobody_joins_an_existing_tenant_without_its_admin(plane: Plane) -> None:
    admin = plane.admin()
    assert register(plane, username="mallory", tenantId="tenant-a").status == 403
    for role in ("OPERATOR", "VIEWER"):
        member = plane.member(admin, role)
        assert register(plane, member, username="mallory").status == 403
    assert login(plane, "mallory").status == 401


def test_an_admin_adds_users_to_the_own_tenant_only(plane: Plane) -> None:
    admin = plane.admin()
    plane.admin("tenant-b", "bob")
    assert register(plane, admin, username="eve", tenantId="tenant-b").status == 403
    assert register(plane, admin, username="eve", tenantId="tenant-c").status == 403
    answer = register(plane, admin, username="eve", role="ADMIN")
    assert (answer.status, answer.body["tenantId"], answer.body["role"]) == (201, "tenant-a", "ADMIN")
    assert register(plane, admin, username="olga").body["role"] == "OPERATOR"
    actions = plane.rows("SELECT username, entity_id FROM audit_logs WHERE action = 'USER_REGISTERED' ORDER BY id")
    assert [(a["username"], a["entity_id"]) for a in actions][-2:] == [("alice", "eve"), ("alice", "olga")]


@pytest.mark.parametrize("role", ["OPERATOR", "VIEWER"])
def test_nobody_but_an_admin_adds_users(plane: Plane, role: str) -> None:
    member = plane.member(plane.admin(), role)
    body = {"username": "carol", "password": "pass123", "role": "VIEWER"}
    answer = plane.call("auth", "POST", "/auth/register", body, token=member)
    assert (answer.status, answer.headers["Content-Type"]) == (403, "application/problem+json")
    assert plane.rows("SELECT 1 FROM users WHERE username = 'carol'") == []


def test_a_bad_token_does_not_turn_into_an_open_registration(plane: Plane) -> None:
    answer = register(plane, "not-a-token", username="alice", tenantId="tenant-a")
    assert answer.status == 401
    assert plane.rows("SELECT * FROM tenants") == []


def test_a_taken_username_makes_no_tenant(plane: Plane) -> None:
    plane.admin()
    assert register(plane, username="alice", tenantId="tenant-z").status == 409
    assert plane.rows("SELECT tenant_id FROM tenants") == [{"tenant_id": "tenant-a"}]


def test_of_two_concurrent_first_users_one_founds_the_tenant(plane: Plane, parts: Parts) -> None:
    accounts = [parts.accounts() for _ in range(3)]
    for number in range(4):
        bodies = [
            RegisterBody(username=f"user-{number}-{n}", password="pass123", tenant_id=f"tenant-{number}")
            for n in range(3)
        ]
        outcomes = at_once(
            *(
                partial(a.register, body, caller=None, correlation_id="c")
                for a, body in zip(accounts, bodies, strict=True)
            )
        )
        kinds = [type(outcome) for outcome in outcomes]
        assert (kinds.count(Session), kinds.count(ForbiddenError)) == (1, 2), outcomes
    assert plane.rows("SELECT role, count(*) AS n FROM users GROUP BY role") == [{"role": "ADMIN", "n": 4}]


def test_weak_passwords_are_refused_with_what_to_change(plane: Plane) -> None:
    for username, password in (("alice", "short"), ("alice1", "ALICE1"), ("alice", "x" * 129)):
        answer = register(plane, username=username, password=password, tenantId="tenant-a")
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "password")
    assert plane.rows("SELECT * FROM users") == []


def test_passwords_are_stored_as_argon2id(plane: Plane) -> None:
    plane.admin()
    [row] = plane.rows("SELECT password_hash FROM users")
    assert row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_wrong_password_and_an_unknown_user_look_the_same(plane: Plane) -> None:
    plane.admin()
    wrong, unknown = login(plane, password="wrong1"), login(plane, "nobody")
    assert wrong.status == unknown.status == 401
    assert wrong.body["detail"] == unknown.body["detail"]


def test_too_many_failed_logins_make_the_account_wait_even_with_the_right_password(plane: Plane) -> None:
    plane.configure(LOGIN_FAILURES_ALLOWED="3", LOGIN_WINDOW_SECONDS="900")
    plane.admin()
    assert [login(plane, password="wrong1").status for _ in range(3)] == [401] * 3
    limited = login(plane)
    assert limited.status == 429
    assert 0 < int(limited.headers["Retry-After"]) <= 900
    assert login(plane, "bob").status == 401, "other accounts are not held up"
    with redis.Redis(host=plane.valkey.host, port=plane.valkey.port) as client:
        [key] = [key for key in client.keys("login:failures:*") if client.get(key) == b"4"]
        client.pexpire(key, 1)
    plane.rows("SELECT pg_sleep(0.01)")
    assert login(plane).status == 200


def test_a_success_forgets_the_failures_before_it(plane: Plane) -> None:
    plane.configure(LOGIN_FAILURES_ALLOWED="3")
    plane.admin()
    for _ in range(3):
        assert [login(plane, password="wrong1").status for _ in range(2)] == [401] * 2
        assert login(plane).status == 200


def test_a_tenant_over_its_quota_has_to_wait_and_others_have_not(plane: Plane) -> None:
    plane.configure(SUBMIT_QUOTA_PER_MINUTE="5")
    alice, bob = plane.admin(), plane.admin("tenant-b", "bob")
    batch = {"jobs": [{"title": "x"}] * 3}
    statuses = [plane.call("submit", "POST", "/jobs/batch", batch, token=alice).status for _ in range(2)]
    answer = plane.call("submit", "POST", "/jobs", {"title": "x"}, token=alice)
    if statuses == [200, 200]:
        # The minute changed in between: the next one cannot.
        statuses = [200, plane.call("submit", "POST", "/jobs/batch", batch, token=alice).status]
        answer = plane.call("submit", "POST", "/jobs", {"title": "x"}, token=alice)
    assert statuses == [200, 429]
    assert answer.status == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert plane.call("submit", "POST", "/jobs", {"title": "x"}, token=bob).status == 201


def test_roles_open_what_they_should_and_nothing_else(plane: Plane) -> None:
    admin = plane.admin()
    tokens = {"ADMIN": admin, **{role: plane.member(admin, role) for role in ("OPERATOR", "VIEWER")}}
    requests = {
        "read": ("query", "GET", "/jobs", None),
        "submit": ("submit", "POST", "/jobs", {"title": "x"}),
        "audit": ("replay", "GET", "/admin/audit-logs", None),
    }
    allowed = {
        role: [name for name, request in requests.items() if plane.call(*request, token=token).status < 300]
        for role, token in tokens.items()
    }
    assert allowed == {"ADMIN": ["read", "submit", "audit"], "OPERATOR": ["read", "submit"], "VIEWER": ["read"]}
    assert {plane.call(*request).status for request in requests.values()} == {401}
