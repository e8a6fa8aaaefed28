"""The relay: publishes due outbox rows, rescues expired leases, writes the gauges. Invoked every minute."""

import os
from functools import cache
from typing import Any

import redis

from functions.relay.loop import Relay
from functions.relay.rescue import Rescue
from functions.relay.settings import Settings
from smartqueue.broker import connect_broker
from smartqueue.cache import connect_cache
from smartqueue.database import database
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.settings import CacheSettings, KafkaSettings
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.outbox import Outbox


@cache
def settings() -> Settings:
    """Return this function's settings."""
    return Settings.from_environment(os.environ)


def cache_client() -> redis.Redis:
    """Return the cache client."""
    return connect_cache(CacheSettings(**settings().model_dump()))


def relay() -> Relay:
    """Return a relay over this execution environment's clients."""
    db = database(settings().database_secret_id)
    outbox = Outbox(db, connect_broker(KafkaSettings(**settings().model_dump())))
    return Relay(
        outbox=outbox,
        rescue=Rescue(db, outbox, settings()),
        attempts=AttemptStore(db),
        settings=settings(),
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:  # noqa: ARG001
    """Run the loop for most of a minute."""
    with log_invocation(context) as log, metered(cache_client()) as meter:
        published = relay().run(meter, remaining_seconds=context.get_remaining_time_in_millis() / 1000)
        log.info("relay done", extra={"published": published})
    return {"published": published}
