"""The classifier: gives jobs a category and a priority. Triggered by MSK, group job-classifier."""

from functools import cache
from typing import Any

from functions.classify.batch import BatchClassifier
from functions.classify.cache import ClassificationCache
from functions.classify.circuit import Circuit
from functions.classify.model import TicketModel
from functions.classify.policy import TicketClassifier
from functions.classify.rules import classify_by_rules
from functions.classify.settings import Settings
from smartqueue.environment import Environment
from smartqueue.failed_calls import count_failed_call
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.partial_batches import batch_answer
from smartqueue.secrets import read_secret
from smartqueue.store.classifications import ClassificationStore

NO_KEY = frozenset({"", "none"})


environment = Environment(Settings)


@cache
def classifier() -> BatchClassifier:
    """Return the classifier."""
    api_key = str(read_secret(environment.settings.openai_secret_id)["apiKey"])
    model = None
    if api_key not in NO_KEY:
        model = TicketModel(
            api_key,
            environment.settings.openai_model,
            environment.settings.openai_base_url or None,
            environment.settings.openai_timeout_seconds,
        )
    return BatchClassifier(
        ClassificationStore(environment.database),
        environment.outbox,
        TicketClassifier(
            model,
            ClassificationCache(environment.cache, Circuit(environment.cache)),
            classify_by_rules,
            confidence_threshold=environment.settings.classify_confidence_threshold,
        ),
        report_failures=environment.settings.report_batch_item_failures,
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Classify one batch; an error makes the event source deliver it again, the answer some of its records."""
    with log_invocation(context) as log, metered(environment.cache) as meter:
        remaining = context.get_remaining_time_in_millis() / 1000
        failed = classifier().classify(event, meter, remaining_seconds=remaining)
        records = sum(map(len, event["records"].values()))
        log.info("batch classified", extra={"records": records, "failed": len(failed)})
        if failed:
            count_failed_call(log.service)
    return batch_answer(failed)
