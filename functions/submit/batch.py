"""Submitting many jobs at once: each is judged by itself, all good ones are stored by one statement."""

from http import HTTPStatus

from pydantic import ValidationError

from functions.submit.models import BatchBody, BatchItem, BatchResult, JobBody
from functions.submit.submission import Submission, Submitted
from smartqueue.errors import ConflictError, UnprocessableError
from smartqueue.problems import field_errors, summarise
from smartqueue.roles import Principal
from smartqueue.store.jobs import NewJob


def submit_batch(
    submission: Submission, body: BatchBody, *, caller: Principal, correlation_id: str, key: str | None
) -> BatchResult:
    """Submit what can be submitted and tell for each job what became of it.

    key: the request's Idempotency-Key; each job gets its own by its place in the batch, after a space, which no key of
    a request has.
    """
    items: dict[int, BatchItem] = {}
    prepared: dict[int, NewJob] = {}
    for index, fields in enumerate(body.jobs):
        try:
            job = JobBody.model_validate(fields)
            prepared[index] = submission.prepare(
                job, caller=caller, correlation_id=correlation_id, key=None if key is None else f"{key} {index}"
            )
        except ValidationError as error:
            items[index] = _invalid(index, error)
        except UnprocessableError as error:
            items[index] = BatchItem(index=index, status=error.status, detail=error.detail, errors=error.errors)
    if prepared:
        outcomes = submission.submit(list(prepared.values()), caller=caller)
        items.update({i: _item(i, outcome) for i, outcome in zip(prepared, outcomes, strict=True)})
    ordered = [items[index] for index in sorted(items)]
    return BatchResult(
        created=sum(item.status == HTTPStatus.CREATED for item in ordered),
        rejected=sum(item.job is None for item in ordered),
        items=ordered,
    )


def _item(index: int, outcome: Submitted | ConflictError) -> BatchItem:
    if isinstance(outcome, ConflictError):
        return BatchItem(index=index, status=outcome.status, detail=outcome.detail)
    status = HTTPStatus.OK if outcome.replayed else HTTPStatus.CREATED
    return BatchItem(index=index, status=status, job=outcome.job)


def _invalid(index: int, error: ValidationError) -> BatchItem:
    errors = field_errors(error.errors(include_input=False, include_url=False))
    return BatchItem(index=index, status=HTTPStatus.UNPROCESSABLE_ENTITY, detail=summarise(errors), errors=errors)
