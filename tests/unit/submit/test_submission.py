"""Preparing and submitting jobs, judged one by one."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.submit.batch import submit_batch
from functions.submit.models import BatchBody, JobBody
from functions.submit.settings import Settings
from functions.submit.submission import MAX_PAYLOAD_BYTES, Submission, Submitted
from smartqueue.errors import ConflictError, UnprocessableError
from smartqueue.events import JobEvent, Message
from smartqueue.jobs import JobView
from smartqueue.roles import Principal, Role
from smartqueue.store.jobs import NewJob

CALLER = Principal(user_id="u", username="alice", tenant_id="tenant-a", role=Role.OPERATOR)


class Store:
    """Keeps jobs in memory, with their idempotency keys unique."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.inserts = 0
        self.published: list[Message] = []

    def insert(self, jobs: Sequence[NewJob], **_: object) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        self.inserts += 1
        inserted = []
        for job in jobs:
            if job.idempotency_key is None or all(r["idempotency_key"] != job.idempotency_key for r in self.rows):
                now = datetime.now(UTC)
                row: dict[str, Any] = dict.fromkeys(JobView.model_fields)
                row |= {name: getattr(job, name) for name in NewJob.__dataclass_fields__}
                row |= {"tenant_id": "tenant-a", "created_by": "u", "created_at": now, "updated_at": now}
                row |= {"status": "PENDING", "version": 0, "attempt": 0, "replay_count": 0}
                row |= {"topic": "job-events"}
                self.rows.append(row)
                inserted.append(row)
        keys = {job.idempotency_key for job in jobs} - {None}
        holders = [r for r in self.rows if r["idempotency_key"] in keys and r not in inserted]
        return inserted, holders

    def publish_now(self, messages: Sequence[Message], **_: object) -> None:
        self.published.extend(messages)


def make_submission(store: Any = None, **settings: Any) -> Submission:
    store = store or Store()
    base = {
        "stage": "test",
        "database_host": "h",
        "database_port": 1,
        "database_name": "d",
        "database_tls": False,
        "database_secret_id": "d",
        "cache_host": "h",
        "cache_port": 1,
        "cache_tls": False,
        "kafka_bootstrap": "k",
        "kafka_security": "PLAINTEXT",
        "token_secret_id": "t",
        "allow_simulate": True,
    }
    return Submission(store, store, Settings(**{**base, **settings}))


def prepare(submission: Submission | None = None, *, key: str | None = None, **body: Any) -> NewJob:
    fields = {"title": "x", **body}
    return (submission or make_submission()).prepare(
        JobBody.model_validate(fields), caller=CALLER, correlation_id="c", key=key
    )


def test_a_job_is_a_ticket_unless_it_says_otherwise_and_its_event_asks_for_the_first_attempt() -> None:
    job = prepare(description="y")
    assert (job.type, job.awaits_classification, job.max_retries, job.retry_base_seconds) == ("ticket", True, 3, 2)
    event = JobEvent.model_validate_json(job.created.value)
    assert (event.event_type, event.attempt, event.job_id, event.tenant_id) == (
        "JOB_CREATED",
        1,
        job.job_id,
        "tenant-a",
    )
    assert (event.title, event.description) == ("x", "y")


def test_an_unknown_type_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnprocessableError) as caught:
        prepare(type="nothing")
    assert "simulate, ticket, webhook" in caught.value.detail
    assert caught.value.errors == [{"field": "type", "message": "must be one of simulate, ticket, webhook"}]


def test_simulated_work_is_unknown_where_the_stage_does_not_allow_it() -> None:
    with pytest.raises(UnprocessableError) as caught:
        prepare(make_submission(allow_simulate=False), type="simulate")
    assert "simulate" not in caught.value.detail


@pytest.mark.parametrize(
    ("job_type", "payload", "field"),
    [
        ("webhook", {}, "payload.url"),
        ("webhook", {"url": "not a url"}, "payload.url"),
        ("webhook", {"url": "https://example.com", "extra": 1}, "payload.extra"),
        ("simulate", {"durationSeconds": 61}, "payload.durationSeconds"),
        ("simulate", {"failureRate": 1.1}, "payload.failureRate"),
        ("ticket", {"anything": 1}, "payload.anything"),
    ],
)
def test_a_payload_is_checked_by_its_type_and_the_field_is_named(
    job_type: str, payload: dict[str, Any], field: str
) -> None:
    with pytest.raises(UnprocessableError) as caught:
        prepare(type=job_type, payload=payload)
    assert field in {error["field"] for error in caught.value.errors or []}
    assert field in caught.value.detail


def test_a_payload_may_not_be_bigger_than_the_limit() -> None:
    body: dict[str, Any] = {
        "type": "webhook",
        "payload": {"url": "https://example.com", "data": {"a": "x" * MAX_PAYLOAD_BYTES}},
    }
    with pytest.raises(UnprocessableError) as caught:
        prepare(**body)
    assert caught.value.errors
    assert caught.value.errors[0]["field"] == "payload"


@pytest.mark.parametrize(
    ("retry", "expected"), [({}, (3, 2)), ({"count": 0}, (0, 2)), ({"baseSeconds": 0.1}, (3, 0.1))]
)
def test_a_job_may_bring_its_own_retries_even_none(retry: dict[str, Any], expected: tuple[int, float]) -> None:
    job = prepare(retry=retry)
    assert (job.max_retries, job.retry_base_seconds) == expected


def test_the_fingerprint_is_of_the_meaning_not_of_the_spelling() -> None:
    first = prepare(key="k", type="simulate", payload={"durationSeconds": 1, "failTimes": 2})
    same = prepare(key="k", payload={"failTimes": 2, "durationSeconds": 1}, type="simulate", timeoutSeconds=10)
    other = prepare(key="k", type="simulate", payload={"durationSeconds": 1, "failTimes": 3})
    assert first.request_hash == same.request_hash != other.request_hash
    assert prepare().request_hash is None


def test_the_same_key_in_one_submission_makes_one_job() -> None:
    store = Store()
    submission = make_submission(store)
    jobs = [prepare(submission, key="k"), prepare(submission, key="k"), prepare(submission, key="k", title="other")]
    first, second, third = submission.submit(jobs, caller=CALLER)
    assert isinstance(first, Submitted)
    assert isinstance(second, Submitted)
    assert (first.replayed, second.replayed, second.job.job_id) == (False, True, first.job.job_id)
    assert isinstance(third, ConflictError)
    assert len(store.published) == 1


def test_a_batch_stores_the_good_jobs_at_once_and_tells_of_the_others() -> None:
    store = Store()
    bodies: list[dict[str, Any]] = [
        {"title": "good"},
        {"title": ""},
        {"title": "x", "type": "nothing"},
        {"title": "x", "type": "webhook"},
        {"nothing": 1},
        {"title": "good too"},
    ]
    result = submit_batch(
        make_submission(store), BatchBody(jobs=bodies), caller=CALLER, correlation_id="c", key="batch"
    )
    assert [item.status for item in result.items] == [201, 422, 422, 422, 422, 201]
    assert [item.index for item in result.items] == list(range(6))
    assert (result.created, result.rejected, store.inserts) == (2, 4, 1)
    assert [row["idempotency_key"] for row in store.rows] == ["batch 0", "batch 5"]
    assert all(item.detail and item.errors for item in result.items if item.status == 422)


def test_a_batch_without_one_good_job_touches_nothing() -> None:
    store = Store()
    result = submit_batch(make_submission(store), BatchBody(jobs=[{}, {}]), caller=CALLER, correlation_id="c", key=None)
    assert (result.created, result.rejected, store.inserts) == (0, 2, 0)


@pytest.mark.parametrize(
    "url",
    [
        "https://10.0.0.1/",
        "https://127.0.0.1:8443/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://0177.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a9fe:a9fe]/",
        "https://[fd00:ec2::254]/",
        "https://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254./",
        "https://\uff11\uff12\uff17.0.0.1/",
        "https://127\u30020\u30020\u30021/",
        "https://localhost/",
        "https://user@1.1.1.1/",
        "https://1.1.1.1:22/",
        "http://1.1.1.1/",
    ],
)
def test_a_webhook_that_could_never_be_sent_is_refused_when_it_is_submitted(url: str) -> None:
    with pytest.raises(UnprocessableError) as caught:
        prepare(type="webhook", payload={"url": url})
    assert [error["field"] for error in caught.value.errors or []] == ["payload.url"]


def test_a_webhook_into_an_allowed_network_is_taken() -> None:
    submission = make_submission(webhook_allowed_networks="127.0.0.0/8")
    for url in ("http://127.0.0.1:9000/", "https://1.1.1.1/", "https://example.com/"):
        assert prepare(submission, type="webhook", payload={"url": url}).payload["url"] == url
    with pytest.raises(UnprocessableError):
        prepare(submission, type="webhook", payload={"url": "http://10.0.0.1/"})
