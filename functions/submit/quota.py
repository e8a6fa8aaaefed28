"""How many jobs a tenant may submit in a minute. Kept in Valkey; without it, submitting goes on."""

import time

from smartqueue.cache import Cache, cache_optional
from smartqueue.errors import TooManyRequestsError

WINDOW_SECONDS = 60


class Quota:
    """A counter per tenant and minute: one round trip."""

    def __init__(self, cache: Cache, *, jobs_per_minute: int) -> None:
        self._cache = cache
        self._allowed = jobs_per_minute

    def take(self, tenant_id: str, jobs: int) -> None:
        """Count `jobs` against the tenant's quota. Raises TooManyRequestsError when it is used up."""
        now = time.time()
        key = f"quota:submit:{tenant_id}:{int(now // WINDOW_SECONDS)}"
        used = 0
        with cache_optional("submit quota"):
            pipeline = self._cache.pipeline(transaction=True)
            pipeline.incrby(key, jobs)
            pipeline.expire(key, 2 * WINDOW_SECONDS)
            used = int(pipeline.execute()[0])
        if used > self._allowed:
            wait = WINDOW_SECONDS - int(now % WINDOW_SECONDS)
            raise TooManyRequestsError(
                f"Your tenant may submit {self._allowed} jobs a minute: wait {wait} seconds.", retry_after_seconds=wait
            )
