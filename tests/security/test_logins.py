"""Guessing at accounts: neither many guesses at once nor the answers themselves lead to one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

import functions.auth.passwords
from functions.auth.models import LoginBody, Session
from smartqueue.errors import TooManyRequestsError, UnauthorizedError
from tests.e2e.client import PASSWORD, Caller, Tenant, unique
from tests.e2e.waiting import at_once
from tests.integration.parts import Parts
from tests.integration.parts import at_once as calls_at_once
from tests.security.fuzzing import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from httpx2 import Response

    from tests.integration.harness import Plane

ALLOWED = 10
GUESSES = 24
GUESSERS = 6
# They are another's every time.
OF_THE_MOMENT = {"date", "x-correlation-id", "x-amzn-requestid", "x-amz-apigw-id", "x-amz-request-id", "content-length"}


@pytest.fixture
def parts(plane: Plane) -> Iterator[Parts]:
    """Execution environments of their own, for logins at the same moment."""
    made = Parts(plane)
    yield made
    made.close()


def guess(anonymous: Caller, account: str, number: int) -> Response:
    REQUESTS["guessed passwords"] += 1
    return anonymous.call("POST", "/auth/login", {"username": account, "password": f"guess number {number}"})


def test_guesses_at_the_same_moment_are_counted_too(tenant: Tenant, anonymous: Caller) -> None:
    with ThreadPoolExecutor(GUESSERS) as pool:
        answers = list(pool.map(partial(guess, anonymous, tenant.admin_name), range(GUESSES)))

    tried = [answer.status_code for answer in answers].count(401)
    assert tried == ALLOWED
    assert {answer.status_code for answer in answers} == {401, 429}
    right = {"username": tenant.admin_name, "password": PASSWORD}
    refused = anonymous.call("POST", "/auth/login", right)
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


def test_not_one_guess_more_is_looked_at_than_allowed(
    plane: Plane, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = count_checks(monkeypatch)
    plane.admin()
    accounts = [parts.accounts() for _ in range(GUESSERS)]
    before = len(looked)

    outcomes: list[Any] = []
    for number in range(4):
        body = LoginBody(username="alice", password=f"guess {number}")
        outcomes += calls_at_once(*(partial(account.login, body) for account in accounts))

    kinds = [type(outcome) for outcome in outcomes]
    assert kinds.count(UnauthorizedError) == ALLOWED
    assert kinds.count(TooManyRequestsError) == len(outcomes) - ALLOWED
    assert Session not in kinds
    # A password that is not looked at cannot be right, and costs no Argon2.
    assert len(looked) - before == ALLOWED


def test_the_answer_for_an_unknown_user_is_the_answer_for_a_known_one(tenant: Tenant, anonymous: Caller) -> None:
    def seen(answer: Response) -> tuple[int, dict[str, Any], dict[str, str]]:
        body = {name: value for name, value in answer.json().items() if name != "correlationId"}
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return answer.status_code, body, {n: v for n, v in headers.items() if n not in OF_THE_MOMENT}

    known, unknown = tenant.admin_name, unique("nobody")
    for number in range(ALLOWED):
        assert seen(guess(anonymous, known, number)) == seen(guess(anonymous, unknown, number))

    def refusal(account: str) -> tuple[int, str]:
        answer = guess(anonymous, account, ALLOWED)
        return answer.status_code, answer.json()["detail"].partition(": wait ")[0]

    # Even being shut out is the same: it happens to names that nobody has.
    assert refusal(known) == refusal(unknown)
    assert refusal(known)[0] == 429


def test_an_unknown_user_costs_the_same_argon2(plane: Plane, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = count_checks(monkeypatch)
    plane.admin()

    def login(username: str, password: str) -> tuple[int, list[str]]:
        before = len(looked)
        body = {"username": username, "password": password}
        status = plane.call("auth", "POST", "/auth/login", body).status
        return status, looked[before:]

    # The same function with the same parameters, once: the time is the same because the work is.
    assert login("alice", "wrong") == (401, ["$argon2id$v=19$m=19456,t=2,p=1"])
    assert login("nobody", "wrong") == (401, ["$argon2id$v=19$m=19456,t=2,p=1"])
    assert login("alice", "pass123") == (200, ["$argon2id$v=19$m=19456,t=2,p=1"])
    assert login("no'body\\", "wrong") == (401, ["$argon2id$v=19$m=19456,t=2,p=1"])
    assert login("ALICE", "pass123") == (401, ["$argon2id$v=19$m=19456,t=2,p=1"])


def test_a_name_is_taken_by_one_of_those_who_ask_at_once(anonymous: Caller) -> None:
    name = unique("wanted")
    bodies = [{"username": name, "password": PASSWORD, "tenantId": unique("race")} for _ in range(6)]

    statuses = [answer.status_code for answer in at_once(partial(anonymous.call, "POST", "/auth/register"), bodies)]

    assert sorted(statuses) == [201, *[409] * 5]


def count_checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the parameters of every hash that a password is checked against."""
    hasher, looked = functions.auth.passwords._hasher, list[str]()

    class Counting:
        def hash(self, password: str) -> str:
            return hasher.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            looked.append(stored.rsplit("$", 2)[0])
            return hasher.verify(stored, password)

    monkeypatch.setattr(functions.auth.passwords, "_hasher", Counting())
    return looked
