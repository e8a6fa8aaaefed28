"""How often a login may fail for one account before it has to wait. Kept in Valkey; without it, logins go on."""

import hashlib
import math

import redis

from smartqueue.cache import cache_optional
from smartqueue.errors import TooManyRequestsError


class LoginLimit:
    """Counts failures per account within a window."""

    def __init__(self, cache: redis.Redis, *, allowed: int, window_seconds: float) -> None:
        self._cache = cache
        self._allowed = allowed
        self._window_seconds = math.ceil(window_seconds)

    def check(self, username: str) -> None:
        """Raise TooManyRequestsError while an account has failed too often."""
        failures, wait = 0, 0
        with cache_optional("login limit"):
            pipeline = self._cache.pipeline(transaction=False)
            pipeline.get(_key(username))
            pipeline.ttl(_key(username))
            counted, wait = pipeline.execute()
            failures = int(counted or 0)
        if failures >= self._allowed:
            raise TooManyRequestsError(
                f"Too many failed logins for this account: wait {max(wait, 1)} seconds.",
                retry_after_seconds=max(wait, 1),
            )

    def record_failure(self, username: str) -> None:
        """Count one failure; the first one starts the window."""
        with cache_optional("login limit"):
            pipeline = self._cache.pipeline(transaction=True)
            pipeline.incr(_key(username))
            pipeline.expire(_key(username), self._window_seconds, nx=True)
            pipeline.execute()

    def clear(self, username: str) -> None:
        """Forget the failures after a success."""
        with cache_optional("login limit"):
            self._cache.delete(_key(username))


def _key(username: str) -> str:
    return f"login:failures:{hashlib.sha256(username.encode()).hexdigest()}"
