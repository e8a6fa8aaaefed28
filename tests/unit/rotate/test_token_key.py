"""The token key's rotation: tokens of the old key stay good for as long as any of them can live, and no longer."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

import smartqueue.tokens
from functions.rotate.kinds import RotationError
from functions.rotate.token_key import ROTATION_SECONDS, TokenKey
from smartqueue.errors import UnauthorizedError
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.secrets import SECRET_MAX_AGE_SECONDS
from smartqueue.tokens import issue_token, read_token

LIFETIME_SECONDS = 600
TEN_YEARS_SECONDS = 10 * 365 * 86400
NOW = datetime(2026, 11, 24, 10, 15, tzinfo=UTC)
OLD = {"kid": "1", "key": "o" * 64}
ALICE = Principal(user_id=new_id(), username="alice", tenant_id="tenant-a", role=Role.OPERATOR)


def make_kind(now: datetime = NOW) -> TokenKey:
    return TokenKey(token_lifetime_seconds=LIFETIME_SECONDS, now=lambda: now)


def test_a_new_key_has_another_id_and_is_as_good_as_they_come() -> None:
    renewed = [dict(make_kind(NOW + timedelta(days=day)).renew(OLD)) for day in range(3)]
    assert [secret["kid"][:10] for secret in renewed] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert len({make_kind().renew(OLD)["kid"] for _ in range(5)}) == 5
    keys = {secret["key"] for secret in renewed}
    assert len(keys) == 3
    assert all(len(key) == 64 and key.isalnum() for key in keys)


def test_the_old_key_is_kept_and_the_one_before_it_is_not() -> None:
    renewed = make_kind().renew({**OLD, "previous": {"kid": "0", "key": "z" * 64, "until": NOW.isoformat()}})
    assert {"kid": renewed["previous"]["kid"], "key": renewed["previous"]["key"]} == OLD
    assert "z" * 64 not in str(renewed)


def test_the_old_key_verifies_until_its_last_token_is_over() -> None:
    until = datetime.fromisoformat(make_kind().renew(OLD)["previous"]["until"])
    last_issued = NOW + timedelta(seconds=ROTATION_SECONDS + SECRET_MAX_AGE_SECONDS)
    assert until == last_issued + timedelta(seconds=LIFETIME_SECONDS)


def test_a_good_rotation_passes_its_test() -> None:
    now = datetime.now(UTC)
    make_kind().test(OLD, make_kind(now).renew(OLD))


def test_a_copy_of_the_current_version_passes_the_test() -> None:
    # So does Secrets Manager try a schedule out that does not rotate at once.
    make_kind().test(OLD, OLD)


def broken(**changes: Any) -> dict[str, Any]:
    pending = {**make_kind(datetime.now(UTC)).renew(OLD), **changes}
    return {name: value for name, value in pending.items() if value is not None}


@pytest.mark.parametrize(
    ("pending", "which"),
    [
        (broken(previous=None), "old"),
        (broken(previous={**OLD, "until": (NOW - timedelta(days=3650)).isoformat()}), "old"),
        (broken(previous={**OLD, "key": "x" * 64}), "old"),
        (broken(kid="1", previous=None), "old"),
    ],
    ids=["nothing kept", "over already", "another key", "the same id"],
)
def test_a_rotation_that_would_log_people_out_does_not(pending: dict[str, Any], which: str) -> None:
    with pytest.raises(RotationError, match=f"a token of the {which} key would be refused") as caught:
        make_kind().test(OLD, pending)
    assert OLD["key"] not in str(caught.value)


def test_tokens_of_the_previous_key_are_refused_after_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = make_kind(datetime.now(UTC)).renew(OLD)
    until = datetime.fromisoformat(secret["previous"]["until"])
    # Only `until` ends what a leaked key is good for: whoever has it makes tokens as they are needed.
    token = issue_token(ALICE, OLD, lifetime_seconds=TEN_YEARS_SECONDS)
    fresh = issue_token(ALICE, secret, lifetime_seconds=60)
    assert read_token(token, secret, lifetime_seconds=TEN_YEARS_SECONDS) == ALICE

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> "Clock":
            return cls.fromtimestamp((until + timedelta(seconds=1)).timestamp(), tz)

    monkeypatch.setattr(smartqueue.tokens, "datetime", Clock)
    with pytest.raises(UnauthorizedError):
        read_token(token, secret, lifetime_seconds=TEN_YEARS_SECONDS)
    assert read_token(fresh, secret, lifetime_seconds=LIFETIME_SECONDS) == ALICE


def test_a_previous_key_without_an_end_goes_on_verifying() -> None:
    token = issue_token(ALICE, OLD, lifetime_seconds=60)
    secret = {"kid": "2", "key": "n" * 64, "previous": OLD}
    assert read_token(token, secret, lifetime_seconds=LIFETIME_SECONDS) == ALICE
    assert jwt.get_unverified_header(token)["kid"] == "1"
