"""The key that signs tokens, in a secret {"kid", "key", "previous"}; the previous one verifies for a while longer."""

import secrets
import string
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from functions.rotate.kinds import Content, RotationError
from smartqueue.errors import UnauthorizedError
from smartqueue.ids import new_id
from smartqueue.roles import Principal, Role
from smartqueue.secrets import SECRET_MAX_AGE_SECONDS
from smartqueue.tokens import issue_token, read_token

ALPHABET = string.ascii_letters + string.digits
LENGTH = 64
# What the steps of a rotation may take from the making of the key on, repetitions included: until the last one the
# old key still signs.
ROTATION_SECONDS = 3600


def _now() -> datetime:
    return datetime.now(UTC)


class TokenKey:
    """Renews signing keys."""

    def __init__(self, *, token_lifetime_seconds: float, now: Callable[[], datetime] = _now) -> None:
        self._token_lifetime_seconds = token_lifetime_seconds
        self._now = now

    @staticmethod
    def fits(content: Content) -> bool:
        """Tell whether a secret is of this kind."""
        return {"kid", "key"} <= content.keys()

    def renew(self, current: Content) -> Content:
        """Return a new key, and the old one with the time after which it verifies nothing any more.

        The last token of the old key is issued by a function that learns of the new one a cache's lifetime late.
        """
        now = self._now()
        seconds = ROTATION_SECONDS + SECRET_MAX_AGE_SECONDS + self._token_lifetime_seconds
        return {
            "kid": f"{now:%Y-%m-%d}-{secrets.token_hex(4)}",
            "key": "".join(secrets.choice(ALPHABET) for _ in range(LENGTH)),
            "previous": {
                "kid": current["kid"],
                "key": current["key"],
                "until": (now + timedelta(seconds=seconds)).isoformat(timespec="seconds"),
            },
        }

    def apply(self, current: Content, pending: Content) -> None:
        """Do nothing: functions read the key from the secret itself."""

    def test(self, current: Content, pending: Content) -> None:
        """Verify tokens of the new and of the old key as functions will. Raises RotationError."""
        nobody = Principal(user_id=new_id(), username="rotation", tenant_id="rotation", role=Role.VIEWER)
        for name, signing in (("new", pending), ("old", current)):
            token = issue_token(nobody, signing, lifetime_seconds=self._token_lifetime_seconds)
            try:
                read_token(token, pending, lifetime_seconds=self._token_lifetime_seconds)
            except UnauthorizedError:
                raise RotationError(f"a token of the {name} key would be refused after the rotation") from None
