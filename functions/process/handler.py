"""The processor: runs the attempts that job-events asks for. Triggered by MSK, group job-processor."""

from functools import cache
from typing import Any

from functions.process.batch import BatchProcessor
from functions.process.deduplication import Deduplication
from functions.process.execution import Executor
from functions.process.settings import Settings
from functions.process.webhooks.late import SENDER, LateSender
from smartqueue.environment import Environment
from smartqueue.failed_calls import count_failed_call
from smartqueue.job_types import job_types
from smartqueue.logs import log_invocation
from smartqueue.metrics import metered
from smartqueue.partial_batches import batch_answer
from smartqueue.secrets import read_secret
from smartqueue.store.attempts import AttemptStore
from smartqueue.store.jobs import JobStore
from smartqueue.webhook_urls import parse_networks

environment = Environment(Settings, loads_later=(SENDER,))


@cache
def processor() -> BatchProcessor:
    """Return the processor."""
    sender = LateSender(
        master_key=read_secret(environment.settings.webhook_signing_secret_id)["key"],
        networks=parse_networks(environment.settings.webhook_allowed_networks),
    )
    known = {name: t for name, t in job_types().items() if environment.settings.allow_simulate or not t.demo_only}
    return BatchProcessor(
        attempts=AttemptStore(environment.database),
        jobs=JobStore(environment.database),
        outbox=environment.outbox,
        broker=environment.broker,
        deduplication=Deduplication(environment.cache),
        executor=Executor(known, sender),
        settings=environment.settings,
    )


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Process one batch; an error makes the event source deliver it again, the answer some of its records."""
    with log_invocation(context) as log, metered(environment.cache) as meter:
        remaining = context.get_remaining_time_in_millis() / 1000
        failed = processor().process(event, meter, remaining_seconds=remaining)
        records = sum(map(len, event["records"].values()))
        log.info("batch processed", extra={"records": records, "failed": len(failed)})
        if failed:
            count_failed_call(log.service)
    return batch_answer(failed)
