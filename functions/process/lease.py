"""The heartbeat: keeps the lease of a batch's jobs while their handlers run, in a thread of its own."""

import logging
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from smartqueue.store.attempts import AttemptStore

log = logging.getLogger(__name__)


class Heartbeat:
    """A context manager around the running handlers.

    The database connection is the heartbeat's alone meanwhile: whoever enters must not use it inside.
    """

    def __init__(
        self,
        store: AttemptStore,
        job_ids: Sequence[str],
        *,
        lease_token: str,
        lease_seconds: float,
        heartbeat_seconds: float,
    ) -> None:
        self._store = store
        self._running = set(job_ids)
        self._lease_token = lease_token
        self._lease_seconds = lease_seconds
        self._heartbeat_seconds = heartbeat_seconds
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Self:
        """Start beating."""
        if self._running:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, and wait for a beat that is under way."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(self._heartbeat_seconds):
            try:
                kept = self._store.extend(
                    sorted(self._running), lease_token=self._lease_token, lease_seconds=self._lease_seconds
                )
            except Exception:
                # Whatever it was, the next beat may get through; if none does, the relay gives the jobs to others.
                log.exception("heartbeat failed")
                continue
            if lost := self._running - kept:
                log.warning("leases were lost", extra={"jobs": sorted(lost)})
                self._running = kept
