"""JSON Web Tokens: signed with the newest key, verified with it or the previous one, everything pinned."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from smartqueue.errors import UnauthorizedError
from smartqueue.ids import is_id, new_id
from smartqueue.roles import Principal, Role
from smartqueue.secrets import read_secret
from smartqueue.settings import TokenSettings

ALGORITHM = "HS256"
ISSUER = "smart-task-queue"
AUDIENCE = "smart-task-queue-api"
LEEWAY_SECONDS = 30
# Key ids come from whoever sends a token: made-up ones must not become as many calls to Secrets Manager.
REFRESH_EVERY_SECONDS = 1.0
# A caller sends the same token again and again; each environment remembers the last few that it verified.
MAX_KNOWN_TOKENS = 256
# Several times what ours have: whatever is longer is not looked into.
MAX_TOKEN_CHARACTERS = 4096
REQUIRED_CLAIMS = ["exp", "iat", "sub", "aud", "iss", "jti"]

Secret = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A token that was verified: whom it speaks for, until when (Unix time), and with which key."""

    principal: Principal
    expires_at: float
    key: str

    def holds(self, secret: Secret) -> bool:
        """Tell whether it would be verified again: nothing but time and the secret can have changed."""
        return time.time() <= self.expires_at + LEEWAY_SECONDS and self.key in _keys(secret).values()


class Tokens:
    """Makes and reads tokens.

    settings.token_secret_id names a secret {"kid", "key", "previous": {"kid", "key", "until"}}. `previous` is
    optional: after a rotation it breaks nobody, and verifies nothing any more after `until` (an ISO time), if it says.
    """

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._next_refresh = 0.0
        self._known: dict[str, _Known] = {}

    def issue(self, principal: Principal) -> str:
        """Return a signed token for someone whose password was just checked."""
        secret = read_secret(self._settings.token_secret_id)
        return issue_token(principal, secret, lifetime_seconds=self._settings.token_lifetime_seconds)

    def verify(self, authorization: str | None) -> Principal:
        """Return who an Authorization header speaks for.

        Raises UnauthorizedError; its detail tells a good client what to do and an attacker nothing.
        """
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            raise UnauthorizedError("Send the token of POST /auth/login in the header: Authorization: Bearer <token>.")
        if len(token) > MAX_TOKEN_CHARACTERS or not token.isascii():
            raise _invalid()
        known = self._known.get(token)
        if known is None or not known.holds(read_secret(self._settings.token_secret_id)):
            known = self._look_into(token)
        return known.principal

    def _look_into(self, token: str) -> "_Known":
        """Verify a token, and remember it for as long as its key is one of ours and it has not expired."""
        known = _read(token, self._secret_for(token), lifetime_seconds=self._settings.token_lifetime_seconds)
        if len(self._known) >= MAX_KNOWN_TOKENS:
            self._known.clear()
        self._known[token] = known
        return known

    def _secret_for(self, token: str) -> Secret:
        secret: Secret = read_secret(self._settings.token_secret_id)
        if _key_id(token) not in _keys(secret) and time.monotonic() >= self._next_refresh:
            # Another environment may have signed with a key that is newer than our cached secret.
            self._next_refresh = time.monotonic() + REFRESH_EVERY_SECONDS
            secret = read_secret(self._settings.token_secret_id, fresh=True)
        return secret


def issue_token(principal: Principal, secret: Secret, *, lifetime_seconds: float) -> str:
    """Return a token that the secret's newest key signed."""
    now = datetime.now(UTC)
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": principal.user_id,
        "jti": new_id(),
        "iat": now,
        "exp": now + timedelta(seconds=lifetime_seconds),
        "username": principal.username,
        "tenantId": principal.tenant_id,
        "role": principal.role,
    }
    return jwt.encode(claims, secret["key"], algorithm=ALGORITHM, headers={"kid": secret["kid"]})


def read_token(token: str, secret: Secret, *, lifetime_seconds: float) -> Principal:
    """Return who a token speaks for, by one of the secret's keys. Raises UnauthorizedError.

    Even a good signature gives nobody more than `lifetime_seconds`.
    """
    return _read(token, secret, lifetime_seconds=lifetime_seconds).principal


def _read(token: str, secret: Secret, *, lifetime_seconds: float) -> _Known:
    try:
        key = _keys(secret)[_key_id(token)]
        claims = jwt.decode(
            token,
            key,
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS, "enforce_minimum_key_length": True},
        )
        return _Known(principal=_principal(claims, lifetime_seconds), expires_at=claims["exp"], key=key)
    except jwt.ExpiredSignatureError:
        raise UnauthorizedError("The token has expired: log in again.") from None
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
        raise _invalid() from None


def _principal(claims: Mapping[str, Any], lifetime_seconds: float) -> Principal:
    user_id, username, tenant_id = claims["sub"], claims["username"], claims["tenantId"]
    if not is_id(user_id) or not isinstance(username, str) or not isinstance(tenant_id, str):
        raise ValueError("not claims of ours")
    if claims["exp"] - claims["iat"] > lifetime_seconds + LEEWAY_SECONDS:
        raise ValueError("good for too long")
    return Principal(user_id=user_id, username=username, tenant_id=tenant_id, role=Role(claims["role"]))


def _key_id(token: str) -> str:
    try:
        key_id: str = jwt.get_unverified_header(token)["kid"]
    except (jwt.InvalidTokenError, KeyError, RecursionError):
        raise _invalid() from None
    return key_id


def _invalid() -> UnauthorizedError:
    return UnauthorizedError("The token is not valid: log in again.")


def _keys(secret: Secret) -> dict[str, str]:
    previous = secret.get("previous")
    keys = {previous["kid"]: previous["key"]} if previous and not _is_over(previous.get("until")) else {}
    return {**keys, secret["kid"]: secret["key"]}


def _is_over(until: str | None) -> bool:
    return until is not None and datetime.now(UTC) > datetime.fromisoformat(until)
