"""The processor: runs the attempts that job-events asks for. Triggered by MSK, group job-processor."""

import os
from functools import cache
from typing import Any

import redis

from functions.process.batch import BatchProcessor
from functions.process.deduplication import Deduplication
from functions.process.execution import Executor
from functions.process.settings import Settings
from functions.process.webhooks.sender import WebhookSender
from smartqueue.broker import connect_broker
from smartqueue.cache import connect_cache
from smartqueue.database import database
from smartqueue.job_types import job_types
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.secrets import read_secret
from smartqueue.settings import CacheSettings, KafkaSettings
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.jobs import JobStore
from smartqueue.store.outbox import Outbox
from smartqueue.webhook_urls import parse_networks


@cache
def settings() -> Settings:
    """Return this function's settings."""
    return Settings.from_environment(os.environ)


def cache_client() -> redis.Redis:
    """Return the cache client."""
    return connect_cache(CacheSettings(**settings().model_dump()))


@cache
def processor() -> BatchProcessor:
    """Return the processor."""
    db = database(settings().database_secret_id)
    broker = connect_broker(KafkaSettings(**settings().model_dump()))
    sender = WebhookSender(
        master_key=read_secret(settings().webhook_signing_secret_id)["key"],
        networks=parse_networks(settings().webhook_allowed_networks),
    )
    known = {name: t for name, t in job_types().items() if settings().allow_simulate or not t.demo_only}
    return BatchProcessor(
        attempts=AttemptStore(db),
        jobs=JobStore(db),
        outbox=Outbox(db, broker),
        broker=broker,
        deduplication=Deduplication(cache_client()),
        executor=Executor(known, sender),
        settings=settings(),
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process one batch; an error makes the event source deliver it again. No record ever fails alone."""
    with log_invocation(context) as log, metered(cache_client()) as meter:
        remaining = context.get_remaining_time_in_millis() / 1000
        processor().process(event, meter, remaining_seconds=remaining)
        log.info("batch processed", extra={"records": sum(map(len, event["records"].values()))})
    return {"batchItemFailures": []}
