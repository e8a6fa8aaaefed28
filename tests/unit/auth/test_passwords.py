"""Passwords."""

import pytest
from argon2 import extract_parameters

from functions.auth import passwords
from functions.auth.passwords import MAX_LENGTH, check_password_rules, hash_password, verify_password
from smartqueue.errors import UnprocessableError


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("x" * 11, "at least 12"),
        ("x" * (MAX_LENGTH + 1), "at most 128"),
        ("Alice-In-Wonderland", "must not be the username"),
    ],
)
def test_a_weak_password_is_refused_with_what_to_change(password: str, message: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        check_password_rules(password, "alice-in-wonderland", min_length=12)
    assert message in caught.value.detail
    assert password not in caught.value.detail


def test_a_long_enough_password_of_any_characters_is_fine() -> None:
    for password in ("x" * 12, "x" * MAX_LENGTH, "pässwörter sind schön"):
        check_password_rules(password, "alice", min_length=12)


def test_only_the_right_password_verifies() -> None:
    stored = hash_password("correct horse battery")
    assert verify_password("correct horse battery", stored)
    assert not verify_password("Correct horse battery", stored)
    assert not verify_password("", stored)
    assert "correct" not in stored


def test_the_same_password_is_stored_differently_each_time() -> None:
    assert hash_password("x") != hash_password("x")


def test_nobody_logs_in_without_a_stored_password() -> None:
    assert not verify_password("nobody has this password", None)
    assert not verify_password("x", "not a hash")


def test_who_does_not_exist_is_hashed_for_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    real = passwords._hasher

    class Watched:
        def hash(self, password: str) -> str:
            return real.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            tried.append(stored)
            return real.verify(stored, password)

    monkeypatch.setattr(passwords, "_hasher", Watched())
    assert not verify_password("x", None)
    assert [extract_parameters(stored) for stored in tried] == [extract_parameters(hash_password("x"))]
