"""The classifier: gives jobs a category and a priority. Triggered by MSK, group job-classifier."""

import os
from functools import cache
from typing import Any

import redis

from functions.classify.batch import BatchClassifier
from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.model import TicketModel
from functions.classify.policy import TicketClassifier
from functions.classify.rules import classify_by_rules
from functions.classify.settings import Settings
from smartqueue.broker import connect_broker
from smartqueue.cache import connect_cache
from smartqueue.database import database
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.secrets import read_secret
from smartqueue.settings import CacheSettings, KafkaSettings
from smartqueue.store.classifications import ClassificationStore
from smartqueue.store.outbox import Outbox

NO_KEY = frozenset({"", "none"})


@cache
def settings() -> Settings:
    """Return this function's settings."""
    return Settings.from_environment(os.environ)


def cache_client() -> redis.Redis:
    """Return the cache client."""
    return connect_cache(CacheSettings(**settings().model_dump()))


@cache
def classifier() -> BatchClassifier:
    """Return the classifier."""
    db = database(settings().database_secret_id)
    api_key = str(read_secret(settings().openai_secret_id)["apiKey"])
    model = None
    if api_key not in NO_KEY:
        model = TicketModel(
            api_key,
            settings().openai_model,
            settings().openai_base_url or None,
            settings().openai_timeout_seconds,
        )
    return BatchClassifier(
        ClassificationStore(db),
        Outbox(db, connect_broker(KafkaSettings(**settings().model_dump()))),
        TicketClassifier(
            model,
            ClassificationCache(cache_client(), Circuit(cache_client())),
            classify_by_rules,
            confidence_threshold=settings().classify_confidence_threshold,
        ),
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Classify one batch; an error makes the event source deliver it again. No record ever fails alone."""
    with log_invocation(context) as log, metered(cache_client()) as meter:
        remaining = context.get_remaining_time_in_millis() / 1000
        classifier().classify(event, meter, remaining_seconds=remaining)
        log.info("batch classified", extra={"records": sum(map(len, event["records"].values()))})
    return {"batchItemFailures": []}
