"""From a request body to a durable job: check, insert with audit and outbox in one statement, publish."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pydantic import ValidationError

from functions.submit.models import JobBody
from functions.submit.settings import Settings
from smartqueue.database import Row
from smartqueue.errors import ConflictError, UnprocessableError
from smartqueue.events import EventType, JobEvent, Message, event_message
from smartqueue.ids import new_id
from smartqueue.job_types import JobType, Surroundings, job_types
from smartqueue.jobs import Actor, JobView, Status
from smartqueue.problems import field_errors, summarise
from smartqueue.roles import Principal
from smartqueue.store.jobs import JobStore, NewJob
from smartqueue.store.outbox import Outbox
from smartqueue.webhook_urls import parse_networks

MAX_PAYLOAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Submitted:
    """A job, and whether an earlier request with the same Idempotency-Key had made it already."""

    job: JobView
    replayed: bool


class Submission:
    """Submits jobs for the tenant of a verified token."""

    def __init__(self, store: JobStore, outbox: Outbox, settings: Settings) -> None:
        self._store = store
        self._outbox = outbox
        self._settings = settings
        self._surroundings = Surroundings(networks=parse_networks(settings.webhook_allowed_networks))

    def prepare(self, body: JobBody, *, caller: Principal, correlation_id: str, key: str | None) -> NewJob:
        """Check a body by its job type's rules. Raises UnprocessableError."""
        job_type = self._job_type(body.type)
        payload = _check_payload(job_type, body.payload, self._surroundings)
        job_id = new_id()
        return NewJob(
            job_id=job_id,
            type=job_type.name,
            title=body.title,
            description=body.description,
            payload=payload,
            max_retries=self._settings.retry_count if body.retry.count is None else body.retry.count,
            retry_base_seconds=body.retry.base_seconds or self._settings.retry_base_seconds,
            timeout_seconds=body.timeout_seconds,
            awaits_classification=job_type.awaits_classification,
            correlation_id=correlation_id,
            idempotency_key=key,
            request_hash=None if key is None else _fingerprint(body),
            created=_created_event(job_id, job_type.name, body, caller.tenant_id, correlation_id),
        )

    def submit(self, jobs: Sequence[NewJob], *, caller: Principal) -> list[Submitted | ConflictError]:
        """Make jobs durable, then tell Kafka. The result has one entry per job, in the same order.

        A ConflictError stands for a job whose Idempotency-Key was used for another body.
        """
        inserted, holders = self._store.insert(
            jobs, tenant_id=caller.tenant_id, user=Actor(username=caller.username, user_id=caller.user_id)
        )
        by_id = {str(row["job_id"]): row for row in inserted}
        # A key may stand twice in one batch: then the first of the two holds it.
        by_key = {row["idempotency_key"]: row for row in (*inserted, *holders) if row["idempotency_key"]}
        created = [replace(job.created, topic=by_id[job.job_id]["topic"]) for job in jobs if job.job_id in by_id]
        self._outbox.publish_now(created, tenant_id=caller.tenant_id)
        return [_outcome(job, by_id.get(job.job_id), by_key) for job in jobs]

    def _job_type(self, name: str) -> JobType:
        known = {n: t for n, t in job_types().items() if self._settings.allow_simulate or not t.demo_only}
        if name not in known:
            raise UnprocessableError.of_field("type", f"must be one of {', '.join(known)}")
        return known[name]


def _outcome(job: NewJob, row: Row | None, by_key: dict[str, Row]) -> Submitted | ConflictError:
    if row is not None:
        return Submitted(JobView.from_row(row), replayed=False)
    earlier = by_key[job.idempotency_key or ""]
    if earlier["request_hash"] != job.request_hash:
        return ConflictError("This Idempotency-Key was used for another body: send a new key for a new job.")
    return Submitted(JobView.from_row(earlier), replayed=True)


def _check_payload(job_type: JobType, payload: dict[str, Any], surroundings: Surroundings) -> dict[str, Any]:
    if len(json.dumps(payload).encode()) > MAX_PAYLOAD_BYTES:
        raise UnprocessableError.of_field("payload", f"must be at most {MAX_PAYLOAD_BYTES} bytes of JSON")
    try:
        checked = job_type.payload.model_validate(payload, context=surroundings)
    except ValidationError as error:
        errors = field_errors(error.errors(include_input=False, include_url=False), inside="payload")
        detail = f"The payload of a {job_type.name} is wrong: {summarise(errors)}."
        raise UnprocessableError(detail, errors=errors) from None
    return checked.model_dump(mode="json", by_alias=True)


def _fingerprint(body: JobBody) -> str:
    text = json.dumps(body.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _created_event(job_id: str, job_type: str, body: JobBody, tenant_id: str, correlation_id: str) -> Message:
    return event_message(
        JobEvent(
            event_type=EventType.JOB_CREATED,
            job_id=job_id,
            tenant_id=tenant_id,
            attempt=1,
            status=Status.PENDING,
            correlation_id=correlation_id,
            type=job_type,
            title=body.title,
            description=body.description,
        )
    )
