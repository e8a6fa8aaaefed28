"""JSON Web Tokens: signed with the newest key, verified with it or the previous one, everything pinned."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from smartqueue.errors import UnauthorizedError
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.secrets import read_secret
from smartqueue.settings import TokenSettings

ALGORITHM = "HS256"
ISSUER = "smart-task-queue"
AUDIENCE = "smart-task-queue-api"
LEEWAY_SECONDS = 30
# Key ids come from whoever sends a token: made-up ones must not become as many calls to Secrets Manager.
REFRESH_EVERY_SECONDS = 1.0
REQUIRED_CLAIMS = ["exp", "iat", "sub", "aud", "iss", "jti"]


class Tokens:
    """Makes and reads tokens.

    settings.token_secret_id names a secret {"kid", "key", "previous": {"kid", "key"}}; `previous` is optional and
    stays for one token lifetime after a rotation, so that it breaks nobody.
    """

    def __init__(self, settings: TokenSettings) -> None:
        self._settings = settings
        self._next_refresh = 0.0

    def issue(self, principal: Principal) -> str:
        """Return a signed token for someone whose password was just checked."""
        secret = read_secret(self._settings.token_secret_id)
        now = datetime.now(UTC)
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": principal.user_id,
            "jti": new_id(),
            "iat": now,
            "exp": now + timedelta(seconds=self._settings.token_lifetime_seconds),
            "username": principal.username,
            "tenantId": principal.tenant_id,
            "role": principal.role,
        }
        return jwt.encode(claims, secret["key"], algorithm=ALGORITHM, headers={"kid": secret["kid"]})

    def verify(self, authorization: str | None) -> Principal:
        """Return who an Authorization header speaks for.

        Raises UnauthorizedError; its detail tells a good client what to do and an attacker nothing.
        """
        scheme, _, token = (authorization or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise UnauthorizedError("Send the token of POST /auth/login in the header: Authorization: Bearer <token>.")
        try:
            return self._verify(token.strip())
        except jwt.ExpiredSignatureError:
            raise UnauthorizedError("The token has expired: log in again.") from None
        except (jwt.InvalidTokenError, KeyError, ValueError):
            raise UnauthorizedError("The token is not valid: log in again.") from None

    def _verify(self, token: str) -> Principal:
        kid = jwt.get_unverified_header(token)["kid"]
        keys = _keys(read_secret(self._settings.token_secret_id))
        if kid not in keys and time.monotonic() >= self._next_refresh:
            # Another environment may have signed with a key that is newer than our cached secret.
            self._next_refresh = time.monotonic() + REFRESH_EVERY_SECONDS
            keys = _keys(read_secret(self._settings.token_secret_id, fresh=True))
        claims = jwt.decode(
            token,
            keys[kid],
            algorithms=[ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            leeway=LEEWAY_SECONDS,
            options={"require": REQUIRED_CLAIMS, "enforce_minimum_key_length": True},
        )
        return Principal(
            user_id=claims["sub"],
            username=claims["username"],
            tenant_id=claims["tenantId"],
            role=Role(claims["role"]),
        )


def _keys(secret: Mapping[str, Any]) -> dict[str, str]:
    previous = secret.get("previous")
    keys = {previous["kid"]: previous["key"]} if previous else {}
    return {**keys, secret["kid"]: secret["key"]}
