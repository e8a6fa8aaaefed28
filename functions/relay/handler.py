"""The relay: publishes due outbox rows, rescues expired leases, writes the gauges, compares jobs and books, removes old
ones.

Invoked every minute.
"""

from functools import cache
from typing import Any

from functions.relay.loop import Relay
from functions.relay.rescue import Rescue
from functions.relay.retention import Retention
from functions.relay.settings import Settings
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.ledger import LedgerStore

environment = Environment(Settings)


@cache
def retention() -> Retention:
    """Return what removes old rows; from one invocation to the next it knows how far it got."""
    return Retention(environment.database, environment.settings)


def relay() -> Relay:
    """Return a relay over this execution environment's clients."""
    return Relay(
        outbox=environment.outbox,
        rescue=Rescue(environment.database, environment.outbox, environment.settings),
        attempts=AttemptStore(environment.database),
        ledger=LedgerStore(environment.database),
        retention=retention(),
        settings=environment.settings,
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Run the loop for most of a minute."""
    with log_invocation(context) as log, metered(environment.cache) as meter:
        published = relay().run(meter, remaining_seconds=context.get_remaining_time_in_millis() / 1000)
        log.info("relay done", extra={"published": published})
    return {"published": published}
