"""How often a login may fail for one account before it has to wait. Kept in Valkey; without it, logins go on."""

import hashlib
import math

from smartqueue.cache import Cache, cache_optional
from smartqueue.errors import TooManyRequestsError


class LoginLimit:
    """Counts the logins of an account that have not succeeded within a window.

    A login is counted before its password is looked at: of many at once, no more are looked at than may fail.
    """

    def __init__(self, cache: Cache, *, allowed: int, window_seconds: float) -> None:
        self._cache = cache
        self._allowed = allowed
        self._window_seconds = math.ceil(window_seconds)

    def take(self, username: str) -> None:
        """Count one login; the first one starts the window. Raises TooManyRequestsError if there were too many."""
        tried, wait = 0, 0
        with cache_optional("login limit"):
            pipeline = self._cache.pipeline(transaction=True)
            pipeline.incr(_key(username))
            pipeline.expire(_key(username), self._window_seconds, nx=True)
            pipeline.ttl(_key(username))
            tried, _, wait = pipeline.execute()
        if tried > self._allowed:
            raise TooManyRequestsError(
                f"Too many failed logins for this account: wait {max(wait, 1)} seconds.",
                retry_after_seconds=max(wait, 1),
            )

    def clear(self, username: str) -> None:
        """Forget what was counted: this login has succeeded."""
        with cache_optional("login limit"):
            self._cache.delete(_key(username))


def _key(username: str) -> str:
    return f"login:failures:{hashlib.sha256(username.encode()).hexdigest()}"
