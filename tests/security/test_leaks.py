"""The search for secrets in logs finds them: what it does not find in a run was not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.leaks import find_leaks, known_secrets, leaks_of

if TYPE_CHECKING:
    from tests.e2e.client import Tenant
    from tests.e2e.cloud import LocalCloud


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("refused eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlMTIz", "a token"),
        ('{"headers": {"Authorization": "Bearer abcdefghijklmnop1234"}}', "an Authorization header"),
        ("secret whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a webhook's signing secret"),
        ("row $argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$aGFzaA", "a password's hash"),
        ("-----BEGIN PRIVATE KEY-----", "a private key"),
    ],
)
def test_secrets_are_known_by_their_looks(text: str, kind: str) -> None:
    assert find_leaks(text, {}) == [kind]


def test_secrets_are_known_by_their_text_however_deep_they_lie() -> None:
    secret = {"kid": "a-public-key-id", "key": "the-newest-key", "previous": {"kid": "x", "key": "the-key-before"}}
    known = known_secrets({"token-keys": secret, "plain": "one-text-alone"})

    assert find_leaks("it was the-key-before and a-public-key-id", known) == ["token-keys: previous: key"]
    assert find_leaks("the-newest-key one-text-alone", known) == ["token-keys: key", "plain"]


def test_a_log_that_holds_a_secret_is_named(cloud: LocalCloud, house: Tenant) -> None:
    log = cloud.home / "logs" / "made-up.log"
    log.write_text(f"a careless line: {house.admin.token}\n{cloud.scrape_credential()}\n", "utf-8")
    try:
        leaks = leaks_of(cloud)
    finally:
        log.unlink()

    assert set(leaks) == {"made-up.log"}
    assert {"a token", "smartqueue/local/metrics-credential: token"} <= set(leaks["made-up.log"])
