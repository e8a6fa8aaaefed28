"""Known duplicates, dropped before they cost the database anything.

Valkey only remembers what is finished for sure; the claim in Postgres is the truth. So a key whose event may still
have work to do never makes a record drop out, and with Valkey away the outcome is the same, only slower.
"""

from collections.abc import Sequence

from smartqueue.cache import Cache, cache_optional
from smartqueue.events import JobEvent

KEEP_SECONDS = 24 * 3600
STARTED = "STARTED"
DONE = "DONE"


class Deduplication:
    """One pipeline per call, whatever the number of events."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache

    def drop_done(self, events: Sequence[JobEvent]) -> list[JobEvent]:
        """Return the events that are not known to be done with, each once."""
        unique = list({event.idempotency_key: event for event in events}.values())
        states: list[str | None] = [None] * len(unique)
        with cache_optional("deduplication"):
            pipeline = self._cache.pipeline(transaction=False)
            for event in unique:
                pipeline.set(event.idempotency_key, STARTED, nx=True, get=True, ex=KEEP_SECONDS)
            states = pipeline.execute()
        return [event for event, state in zip(unique, states, strict=True) if state != DONE]

    def mark_done(self, events: Sequence[JobEvent]) -> None:
        """Remember that nothing is left to do for these events."""
        if not events:
            return
        with cache_optional("done marks"):
            pipeline = self._cache.pipeline(transaction=False)
            for event in events:
                pipeline.set(event.idempotency_key, DONE, ex=KEEP_SECONDS)
            pipeline.execute()
