"""One batch of records, in a constant number of round trips: read, look who still waits, decide, write, publish."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import psycopg

from functions.classify.events import read_asking_events
from functions.classify.policy import Ticket, TicketClassifier, Verdict
from smartqueue.database import Row
from smartqueue.events import EventType, JobEvent, Message, event_message
from smartqueue.jobs import Status
from smartqueue.logs import job_fields
from smartqueue.metrics import Counter, Meter
from smartqueue.partial_batches import Position
from smartqueue.store.classifications import ClassificationStore, ClassifiedJob
from smartqueue.store.outbox import Outbox

ACTOR = "system:classify"
# What the last steps of a batch need of the invocation's time.
RESERVED_SECONDS = 6.0
# A ticket waits for its batch: nobody gains from asking a slow model for longer than this.
LONGEST_BUDGET_SECONDS = 20.0
# Why the rules decided although there is a model; a model that was merely unsure did its work.
MODEL_FAILURES = frozenset({"unavailable", "bad_answer"})

log = logging.getLogger(__name__)


class BatchClassifier:
    """The classifier; its parts are made once per execution environment."""

    def __init__(
        self, store: ClassificationStore, outbox: Outbox, classifier: TicketClassifier, *, report_failures: bool = False
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._classifier = classifier
        self._report_failures = report_failures

    def classify(self, msk_event: Mapping[str, Any], meter: Meter, *, remaining_seconds: float) -> set[Position]:
        """Classify the jobs of a batch that nobody has classified. Returns the records that must be delivered again.

        If the event source cannot do that, raises psycopg.Error: then the whole batch must. In what order they come
        does not matter: a job is classified once, whichever record asked for it.
        """
        asking = list(read_asking_events(msk_event))
        waiting = {event.job_id for _, event in asking}
        try:
            rows = self._store.find_unclassified(sorted(waiting)) if waiting else []
            waiting = {str(row["job_id"]) for row in rows}
            if rows:
                self._classify(rows, meter, remaining_seconds=remaining_seconds)
        except psycopg.Error as error:
            if not self._report_failures:
                raise
            failed = {position for position, event in asking if event.job_id in waiting}
            log.error(  # noqa: TRY400 - the trace of a database that is away tells nothing more
                "records are left for another delivery",
                extra={"records": len(failed), "error": type(error).__name__, "sqlstate": error.sqlstate},
            )
            return failed
        return set()

    def _classify(self, rows: Sequence[Row], meter: Meter, *, remaining_seconds: float) -> None:
        tickets = [_ticket(row) for row in rows]
        budget = min(remaining_seconds - RESERVED_SECONDS, LONGEST_BUDGET_SECONDS)
        verdicts = self._classifier.classify_batch(tickets, budget)
        messages = {str(row["job_id"]): _classified_event(row) for row in rows}
        written = self._store.write(
            [
                _classified(ticket, verdict, messages[ticket.job_id])
                for ticket, verdict in zip(tickets, verdicts, strict=True)
            ],
            username=ACTOR,
        )
        for ticket, verdict in zip(tickets, verdicts, strict=True):
            _tell(ticket, verdict, meter, written=ticket.job_id in written)
        self._outbox.publish_now([replace(messages[job_id], topic=topic) for job_id, topic in written.items() if topic])


def _ticket(row: Row) -> Ticket:
    return Ticket(
        job_id=str(row["job_id"]),
        tenant_id=row["tenant_id"],
        title=row["title"],
        description=row["description"],
        correlation_id=row["correlation_id"],
    )


def _classified_event(row: Row) -> Message:
    return event_message(
        JobEvent(
            event_type=EventType.JOB_CLASSIFIED,
            job_id=str(row["job_id"]),
            tenant_id=row["tenant_id"],
            attempt=row["attempt"] + 1,
            replay_count=row["replay_count"],
            status=Status.PENDING,
            correlation_id=row["correlation_id"],
            type=row["type"],
        )
    )


def _classified(ticket: Ticket, verdict: Verdict, event: Message) -> ClassifiedJob:
    classification = verdict.classification
    by = "the model" if classification.source == "AI" else "the rules"
    return ClassifiedJob(
        job_id=ticket.job_id,
        tenant_id=ticket.tenant_id,
        category=classification.category,
        priority=classification.priority,
        confidence_score=classification.confidence_score,
        source=classification.source,
        cached=classification.cached,
        recommended_action=classification.recommended_action,
        details=f"{classification.category}, {classification.priority}, decided by {by}",
        attributes={
            "source": classification.source,
            "confidenceScore": classification.confidence_score,
            "cached": classification.cached,
            "fallbackReason": verdict.fallback_reason,
        },
        event=event,
    )


def _tell(ticket: Ticket, verdict: Verdict, meter: Meter, *, written: bool) -> None:
    if verdict.cache_hit is not None:
        meter.count(Counter.CACHE_HITS if verdict.cache_hit else Counter.CACHE_MISSES)
    meter.count(Counter.AI_TOKENS, verdict.prompt_tokens + verdict.completion_tokens)
    meter.count(Counter.AI_INPUT_TOKENS, verdict.prompt_tokens)
    meter.count(Counter.AI_OUTPUT_TOKENS, verdict.completion_tokens)
    if not written:
        return
    classification = verdict.classification
    by_ai = classification.source == "AI"
    meter.count(Counter.CLASSIFIED_BY_AI if by_ai else Counter.CLASSIFIED_BY_RULES)
    if verdict.fallback_reason in MODEL_FAILURES:
        meter.count(Counter.MODEL_FAILED)
    log.info(
        "job classified",
        extra={
            **job_fields(ticket.job_id, ticket.tenant_id, ticket.correlation_id),
            "category": classification.category,
            "priority": classification.priority,
            "source": classification.source,
            "cached": classification.cached,
            "fallback_reason": verdict.fallback_reason,
        },
    )
