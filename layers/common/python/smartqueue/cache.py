"""The Valkey client: impatient, since everything it holds can be found out without it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from smartqueue.failpoints import boundary
from smartqueue.secrets import read_secret
from smartqueue.settings import CacheSettings

CONNECT_TIMEOUT_SECONDS = 0.25
SOCKET_TIMEOUT_SECONDS = 0.5

log = logging.getLogger(__name__)


@cache
def connect_cache(settings: CacheSettings) -> redis.Redis:
    """Return this execution environment's client; it connects at its first command."""
    credentials = read_secret(settings.cache_secret_id) if settings.cache_secret_id else {}
    return redis.Redis(
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
        with boundary(purpose.replace(" ", "-"), redis.ConnectionError):
            yield
    except redis.RedisError as error:
        log.warning("cache is away, going on without it", extra={"purpose": purpose, "error": type(error).__name__})
