"""The Valkey client: impatient, since everything it holds can be found out without it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from smartqueue.failpoints import boundary
from smartqueue.lean_imports import lean
from smartqueue.secrets import read_secret
from smartqueue.settings import CacheSettings

# A quarter of the client's import is for clusters and event loops, which nobody here uses.
with lean("redis", "redis.asyncio"):
    from redis.backoff import NoBackoff
    from redis.client import Pipeline
    from redis.client import Redis as Cache
    from redis.exceptions import ConnectionError as CacheAwayError
    from redis.exceptions import RedisError as CacheError
    from redis.retry import Retry

__all__ = ["Cache", "CacheAwayError", "CacheError", "Pipeline", "cache_optional", "connect_cache"]

CONNECT_TIMEOUT_SECONDS = 0.25
SOCKET_TIMEOUT_SECONDS = 0.5

log = logging.getLogger(__name__)


@cache
def connect_cache(settings: CacheSettings) -> Cache:
    """Return this execution environment's client; it connects at its first command."""
    credentials = read_secret(settings.cache_secret_id) if settings.cache_secret_id else {}
    return Cache(
        host=settings.cache_host,
        port=settings.cache_port,
        ssl=settings.cache_tls,
        ssl_cert_reqs="required",
        ssl_check_hostname=True,
        username=credentials.get("username"),
        password=credentials.get("password"),
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=SOCKET_TIMEOUT_SECONDS,
        # One retry at once mends a socket that died while the environment was frozen.
        retry=Retry(NoBackoff(), 1),
        health_check_interval=0,
        decode_responses=True,
    )


@contextmanager
def cache_optional(purpose: str) -> Iterator[None]:
    """Let the work inside fail when the cache is away, and say so in the log.

    Only for what stays correct without the cache; the caller's default holds then.
    """
    try:
        with boundary(purpose.replace(" ", "-"), CacheAwayError):
            yield
    except CacheError as error:
        log.warning("cache is away, going on without it", extra={"purpose": purpose, "error": type(error).__name__})
