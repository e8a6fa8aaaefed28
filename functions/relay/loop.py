"""The relay's loop: publish what is due a few times a second; rescue, count and remove what is old now and then."""

import logging
import time
from collections.abc import Callable

import psycopg

from functions.relay.rescue import Rescue
from functions.relay.retention import Retention
from functions.relay.settings import Settings
from smartqueue.events import Message
from smartqueue.metrics import Gauge, Meter
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.ledger import LedgerStore
from smartqueue.store.outbox import Outbox

PUBLISH_BATCH = 500
RESCUE_EVERY_SECONDS = 1.0
STRANDED_EVERY_SECONDS = 30.0
GAUGES_EVERY_SECONDS = 10.0
LEDGER_EVERY_SECONDS = 60.0
RETENTION_EVERY_SECONDS = 30.0
DATABASE_PAUSE_SECONDS = 2.0
# What the last look needs of the invocation's time.
RESERVED_SECONDS = 3.0

log = logging.getLogger(__name__)


class Relay:
    """One invocation's loop. Several at once do no harm: they lock what they take and pass over each other's."""

    def __init__(
        self,
        *,
        outbox: Outbox,
        rescue: Rescue,
        attempts: AttemptStore,
        ledger: LedgerStore,
        retention: Retention,
        settings: Settings,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._outbox = outbox
        self._rescue = rescue
        self._attempts = attempts
        self._ledger = ledger
        self._retention = retention
        self._settings = settings
        self._clock = clock
        self._pause = pause
        self._due = {self._rescue_expired: 0.0, self._rescue_stranded: 0.0, self._gauge: 0.0, self._balance: 0.0}
        self._retention_due = 0.0
        self._is_more_to_remove = False

    def run(self, meter: Meter, *, remaining_seconds: float) -> int:
        """Look until the time is up; return how many messages were published.

        The database being away is survived: the next look may find it back.
        """
        end = self._clock() + min(self._settings.relay_run_seconds, remaining_seconds - RESERVED_SECONDS)
        published = 0
        while self._clock() < end:
            try:
                found = self.look(meter)
            except psycopg.OperationalError as error:
                log.error("database is away", extra={"error": type(error).__name__})  # noqa: TRY400
                self._pause(DATABASE_PAUSE_SECONDS)
                continue
            published += found
            meter.flush()
            if found < PUBLISH_BATCH:
                self._pause(self._settings.relay_poll_seconds)
        return published

    def look(self, meter: Meter) -> int:
        """Do once what is due; return how many messages were published. Raises psycopg.Error."""
        for task, every in (
            (self._rescue_expired, RESCUE_EVERY_SECONDS),
            (self._rescue_stranded, STRANDED_EVERY_SECONDS),
            (self._gauge, GAUGES_EVERY_SECONDS),
            (self._balance, LEDGER_EVERY_SECONDS),
        ):
            if self._clock() >= self._due[task]:
                task(meter)
                self._due[task] = self._clock() + every
        messages = self._outbox.publish_due(limit=PUBLISH_BATCH)
        for message in messages:
            _tell(message)
        self._remove_what_is_old(meter, is_idle=len(messages) < PUBLISH_BATCH)
        return len(messages)

    def _remove_what_is_old(self, meter: Meter, *, is_idle: bool) -> None:
        """A batch now and then, and one after the other while nothing else is left to do."""
        if self._clock() >= self._retention_due or (is_idle and self._is_more_to_remove):
            self._retention_due = self._clock() + RETENTION_EVERY_SECONDS
            self._is_more_to_remove = self._retention.remove(meter)

    def _rescue_expired(self, meter: Meter) -> None:
        self._rescue.rescue_expired(meter)

    def _rescue_stranded(self, meter: Meter) -> None:
        self._rescue.rescue_stranded(meter)

    def _gauge(self, meter: Meter) -> None:
        gauges = self._attempts.gauges()
        meter.set_gauge(Gauge.ACTIVE_JOBS, gauges.active_jobs)
        meter.set_gauge(Gauge.DLQ_SIZE, gauges.dead_jobs)
        meter.set_gauge(Gauge.OUTBOX_BACKLOG, gauges.outbox_backlog)
        meter.set_gauge(Gauge.OLDEST_PENDING, gauges.oldest_pending_seconds)
        meter.set_gauge(Gauge.OLDEST_DEAD_LETTER, gauges.oldest_dead_seconds)

    def _balance(self, meter: Meter) -> None:
        try:
            unaccounted = self._ledger.unaccounted()
        except psycopg.errors.QueryCanceled:
            # Ever so many jobs; whatever else the relay does must not wait for their count.
            log.warning("the jobs took too long to count")
            return
        meter.set_gauge(Gauge.JOBS_UNACCOUNTED, unaccounted)
        if unaccounted:
            log.error("jobs are not accounted for", extra={"jobs": unaccounted})


def _tell(message: Message) -> None:
    log.info(
        "outbox row published",
        extra={
            "correlation_id": message.correlation_id,
            "tenant_id": message.tenant_id,
            "job_id": message.key,
            "topic": message.topic,
        },
    )
