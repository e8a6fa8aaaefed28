"""Tokens: their claims, and which keys are good."""

import base64
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

import smartqueue.tokens
from smartqueue.errors import UnauthorizedError
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.settings import TokenSettings
from smartqueue.tokens import LEEWAY_SECONDS, MAX_KNOWN_TOKENS, REFRESH_EVERY_SECONDS, REQUIRED_CLAIMS, Tokens

OLD, NEW = {"kid": "1", "key": "o" * 64}, {"kid": "2", "key": "n" * 64}
ALICE = Principal(user_id=new_id(), username="alice", tenant_id="tenant-a", role=Role.OPERATOR)


class Secret:
    """A secret that is read through a cache."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.cached = self.current = value
        self.fresh_reads = 0

    def read(self, _: str, *, fresh: bool = False) -> dict[str, Any]:
        if fresh:
            self.fresh_reads += 1
            self.cached = self.current
        return self.cached


MakeTokens = Callable[[dict[str, Any]], tuple[Tokens, Secret]]


@pytest.fixture
def make_tokens(monkeypatch: pytest.MonkeyPatch) -> MakeTokens:
    def make(value: dict[str, Any]) -> tuple[Tokens, Secret]:
        secret = Secret(value)
        monkeypatch.setattr(smartqueue.tokens, "read_secret", secret.read)
        return Tokens(TokenSettings(token_secret_id="token", token_lifetime_seconds=600)), secret

    return make


def test_a_token_says_who_for_how_long_and_by_which_key(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    token = tokens.issue(ALICE)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(REQUIRED_CLAIMS) <= claims.keys()
    assert claims["exp"] - claims["iat"] == 600
    assert (claims["sub"], claims["username"], claims["tenantId"], claims["role"]) == (
        ALICE.user_id,
        "alice",
        "tenant-a",
        "OPERATOR",
    )
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT", "kid": "2"}
    assert "key" not in str(claims)
    assert tokens.verify(f"Bearer {token}") == ALICE


def test_two_tokens_of_the_same_user_differ(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    ids = {jwt.decode(tokens.issue(ALICE), options={"verify_signature": False})["jti"] for _ in range(5)}
    assert len(ids) == 5


def test_the_previous_key_still_verifies_but_signs_nothing(make_tokens: MakeTokens) -> None:
    token = make_tokens(OLD)[0].issue(ALICE)
    tokens, _ = make_tokens({**NEW, "previous": OLD})
    assert tokens.verify(f"Bearer {token}") == ALICE
    assert jwt.get_unverified_header(tokens.issue(ALICE))["kid"] == "2"
    tokens, _ = make_tokens(NEW)
    with pytest.raises(UnauthorizedError):
        tokens.verify(f"Bearer {token}")


@pytest.mark.parametrize(("minutes", "is_good"), [(5, True), (-5, False)])
def test_the_previous_key_verifies_until_its_time_is_over(
    make_tokens: MakeTokens, *, minutes: int, is_good: bool
) -> None:
    token = make_tokens(OLD)[0].issue(ALICE)
    until = (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()
    tokens, _ = make_tokens({**NEW, "previous": {**OLD, "until": until}})
    if is_good:
        assert tokens.verify(f"Bearer {token}") == ALICE
        return
    with pytest.raises(UnauthorizedError):
        tokens.verify(f"Bearer {token}")


def test_an_unknown_key_id_makes_it_look_once_past_the_cache(make_tokens: MakeTokens) -> None:
    token = make_tokens(NEW)[0].issue(ALICE)
    tokens, secret = make_tokens(OLD)
    secret.current = {**NEW, "previous": OLD}
    assert tokens.verify(f"Bearer {token}") == ALICE
    assert tokens.verify(f"Bearer {token}") == ALICE
    assert secret.fresh_reads == 1


def test_a_token_that_was_verified_is_not_looked_into_again(
    make_tokens: MakeTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, _ = make_tokens(NEW)
    header = f"Bearer {tokens.issue(ALICE)}"
    assert tokens.verify(header) == ALICE
    monkeypatch.setattr(smartqueue.tokens, "jwt", None)
    assert tokens.verify(header) == ALICE


def test_a_token_that_was_verified_ends_with_its_time_all_the_same(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    claims = jwt.decode(tokens.issue(ALICE), options={"verify_signature": False})
    end = int(time.time()) + 2
    ends_soon = sign_as_is({**claims, "iat": end - 600, "exp": end - LEEWAY_SECONDS})
    assert tokens.verify(f"Bearer {ends_soon}") == ALICE
    time.sleep(end - time.time() + 0.1)
    with pytest.raises(UnauthorizedError) as caught:
        tokens.verify(f"Bearer {ends_soon}")
    assert "expired" in caught.value.detail


def test_a_token_that_was_verified_ends_with_its_key_all_the_same(make_tokens: MakeTokens) -> None:
    old, new = (f"Bearer {make_tokens(key)[0].issue(ALICE)}" for key in (OLD, NEW))
    tokens, secret = make_tokens({**NEW, "previous": OLD})
    assert tokens.verify(old) == tokens.verify(new) == ALICE
    secret.cached = secret.current = NEW
    assert tokens.verify(new) == ALICE
    with pytest.raises(UnauthorizedError):
        tokens.verify(old)


def test_ever_new_tokens_do_not_fill_the_memory(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    for _ in range(2 * MAX_KNOWN_TOKENS):
        assert tokens.verify(f"Bearer {tokens.issue(ALICE)}") == ALICE
    assert len(tokens._known) <= MAX_KNOWN_TOKENS


def test_made_up_key_ids_do_not_become_as_many_looks_past_the_cache(
    make_tokens: MakeTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = make_tokens(NEW)[0].issue(ALICE)
    made_up = jwt.encode({"sub": "x"}, "k" * 64, algorithm="HS256", headers={"kid": "made-up"})
    now = 1000.0
    monkeypatch.setattr(smartqueue.tokens, "time", type("Clock", (), {"monotonic": lambda: now}))
    tokens, secret = make_tokens(OLD)
    for _ in range(20):
        with pytest.raises(UnauthorizedError):
            tokens.verify(f"Bearer {made_up}")
    assert secret.fresh_reads == 1
    secret.current = {**NEW, "previous": OLD}
    now += REFRESH_EVERY_SECONDS
    assert tokens.verify(f"Bearer {token}") == ALICE


def test_a_key_too_short_for_its_algorithm_lets_nobody_in_and_is_not_the_callers_fault(make_tokens: MakeTokens) -> None:
    short = {"kid": "1", "key": "short"}
    with pytest.warns(jwt.InsecureKeyLengthWarning):
        token = jwt.encode({"sub": "x"}, "short", algorithm="HS256", headers={"kid": "1"})
    tokens, _ = make_tokens(short)
    with pytest.raises(jwt.InvalidKeyError):
        tokens.verify(f"Bearer {token}")


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic abc", "bearer\tabc"])
def test_without_a_bearer_token_it_says_how_to_send_one(make_tokens: MakeTokens, header: str | None) -> None:
    tokens, _ = make_tokens(NEW)
    with pytest.raises(UnauthorizedError) as caught:
        tokens.verify(header)
    assert "Authorization: Bearer" in caught.value.detail


def test_an_expired_token_says_so_and_any_other_fault_does_not_say_which(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    good = jwt.decode(tokens.issue(ALICE), options={"verify_signature": False})

    def detail(**changes: Any) -> str:
        claims = {name: value for name, value in {**good, **changes}.items() if value is not None}
        with pytest.raises(UnauthorizedError) as caught:
            tokens.verify("Bearer " + jwt.encode(claims, NEW["key"], algorithm="HS256", headers={"kid": "2"}))
        return caught.value.detail

    assert "expired" in detail(exp=good["iat"] - 3600)
    assert len({detail(aud="x"), detail(iss="x"), detail(role="ROOT"), detail(sub=None), detail(tenantId=None)}) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 2**40},
        {"exp": 1e999},
        {"exp": "soon"},
        {"iat": 0},
        {"sub": "1; DROP TABLE jobs"},
        {"sub": ["x"]},
        {"username": None},
        {"username": {"$ne": ""}},
        {"tenantId": ["tenant-a", "tenant-b"]},
        {"role": ["ADMIN"]},
    ],
    ids=str,
)
def test_a_good_signature_does_not_make_claims_good_that_are_not_ours(
    make_tokens: MakeTokens, changes: dict[str, Any]
) -> None:
    tokens, _ = make_tokens(NEW)
    good = jwt.decode(tokens.issue(ALICE), options={"verify_signature": False})

    assert tokens.verify("Bearer " + sign_as_is(good)) == ALICE
    with pytest.raises(UnauthorizedError):
        tokens.verify("Bearer " + sign_as_is(good | changes))


def sign_as_is(claims: dict[str, Any]) -> str:
    """A token with a good signature over claims that PyJWT would not encode."""
    return jwt.api_jws.encode(
        json.dumps(claims).encode(), NEW["key"], algorithm="HS256", headers={"typ": "JWT", "kid": "2"}
    )


@pytest.mark.parametrize("token", ["\ud800.\ud800.x", "é.é.é", "." * 5000, "eyJ" * 50_000], ids=ascii)
def test_what_no_header_should_hold_is_a_bad_token_and_no_fault_of_ours(make_tokens: MakeTokens, token: str) -> None:
    tokens, secret = make_tokens(NEW)
    with pytest.raises(UnauthorizedError):
        tokens.verify(f"Bearer {token}")
    assert secret.fresh_reads == 0


def test_brackets_without_an_end_in_a_tokens_header_are_a_bad_token(make_tokens: MakeTokens) -> None:
    tokens, _ = make_tokens(NEW)
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":' + b"[" * 2900).decode().rstrip("=")
    with pytest.raises(UnauthorizedError):
        tokens.verify(f"Bearer {header}.e30.x")
