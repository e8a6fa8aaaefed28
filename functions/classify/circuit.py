"""Keeps every execution environment from calling a model that is away, until one probe has found it back.

Powertools' circuit_breaker (3.37) was looked at first and does not fit: it wraps synchronous functions only (an async
one always looks successful), elects its probe per thread although a batch's calls share one, and reads its store by
itself where this state travels in the round trip that the cache makes anyway.
"""

import time
from collections.abc import Callable, Sequence
from typing import Literal

from aws_lambda_powertools import Logger

from smartqueue.cache import Cache, CacheError, Pipeline

logger = Logger(child=True)

State = Literal["closed", "open", "half_open"]
# Longer than any outage between two batches; with no batch for so long, trying afresh costs one time-out.
MEMORY_SECONDS = 3600


class Circuit:
    """Closed: call. Open: do not, for `open_seconds`. Half open: whoever wins `take_probe` makes one call.

    In Redis `tripped` says that the circuit is not closed, and `resting`, with a TTL, that it is too early to probe.
    Winning the probe is setting `resting` anew, so a prober that dies delays the next one by `open_seconds`, no more.
    Without Redis the state last known in this process counts.
    """

    def __init__(
        self,
        client: Cache,
        *,
        name: str = "openai",
        open_seconds: float = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        # The braces keep both keys in one slot of a cluster.
        self._tripped_key = f"circuit:{{{name}}}:tripped"
        self._resting_key = f"circuit:{{{name}}}:resting"
        self._open_seconds = open_seconds
        self._clock = clock
        self._tripped = False
        self._resting_until = 0.0
        self._shared = False
        self._unsaved = False

    @property
    def state(self) -> State:
        """The state as this process knows it since the last `learn`."""
        if not self._tripped:
            return "closed"
        return "open" if self._clock() < self._resting_until else "half_open"

    @property
    def unsaved(self) -> bool:
        """Whether a change waits for `add_changes`."""
        return self._unsaved

    def add_reads(self, pipeline: Pipeline) -> int:
        """Queue the commands whose replies `learn` wants; return how many they are."""
        pipeline.get(self._tripped_key)
        pipeline.get(self._resting_key)
        return 2

    def learn(self, replies: Sequence[object] | None) -> None:
        """Take over what Redis says: the replies to `add_reads`, or None when Redis is away."""
        self._shared = replies is not None and not any(isinstance(reply, CacheError) for reply in replies)
        if replies is None or not self._shared or self._unsaved:
            # A change that could not be shared yet is newer than what Redis holds.
            return
        tripped, resting = (reply is not None for reply in replies)
        was_resting = self.state == "open"
        self._tripped = tripped
        if not resting:
            self._resting_until = 0.0
        elif not was_resting:
            self._resting_until = self._clock() + self._open_seconds

    def take_probe(self) -> bool:
        """Return whether this process may make the one call of a half-open circuit."""
        won = True
        if self._shared:
            try:
                won = bool(self._client.set(self._resting_key, "probe", nx=True, px=self._open_milliseconds))
            except CacheError as error:
                logger.warning("circuit state not reachable", extra={"error": type(error).__name__})
        self._resting_until = self._clock() + self._open_seconds
        return won

    def trip(self) -> None:
        """Open the circuit: the model is away."""
        if self.state != "open":
            logger.warning("model circuit opened", extra={"open_seconds": self._open_seconds})
        self._set(tripped=True, resting_until=self._clock() + self._open_seconds)

    def close(self) -> None:
        """Close the circuit: the probe was answered."""
        logger.info("model circuit closed")
        self._set(tripped=False, resting_until=0.0)

    def add_changes(self, pipeline: Pipeline) -> None:
        """Queue what has changed in this process for the others to see."""
        if not self._unsaved:
            return
        if self._tripped:
            pipeline.set(self._tripped_key, "1", ex=MEMORY_SECONDS)
            pipeline.set(self._resting_key, "1", px=self._open_milliseconds)
        else:
            pipeline.delete(self._tripped_key, self._resting_key)

    def changes_saved(self) -> None:
        """Note that what `add_changes` queued has arrived."""
        self._unsaved = False

    @property
    def _open_milliseconds(self) -> int:
        return round(self._open_seconds * 1000)

    def _set(self, *, tripped: bool, resting_until: float) -> None:
        self._tripped = tripped
        self._resting_until = resting_until
        self._unsaved = True
