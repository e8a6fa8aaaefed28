"""Idempotency-Key: the same request makes one job, however often and however concurrently it is sent."""

from functools import partial

from functions.submit.models import JobBody
from functions.submit.submission import Submitted
from smartqueue.errors import ConflictError
from tests.integration.harness import Answer, Plane
from tests.integration.parts import Parts, at_once


def submit(plane: Plane, token: str, key: str, **fields: object) -> Answer:
    body = {"title": "a job", **fields}
    return plane.call("submit", "POST", "/jobs", body, token=token, headers={"Idempotency-Key": key})


def test_the_same_request_again_gets_the_same_job(plane: Plane) -> None:
    token = plane.admin()
    first = submit(plane, token, "order-1", description="x")
    again = submit(plane, token, "order-1", description="x")
    assert (first.status, again.status) == (201, 200)
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.body["jobId"] == first.body["jobId"]
    assert len(plane.records()) == 1


def test_the_answer_to_a_repetition_shows_the_job_as_it_is_now(plane: Plane) -> None:
    token = plane.admin()
    submit(plane, token, "order-1")
    plane.drive()
    assert submit(plane, token, "order-1").body["status"] == "COMPLETED"


def test_another_body_under_the_same_key_is_refused_and_changes_nothing(plane: Plane) -> None:
    token = plane.admin()
    submit(plane, token, "order-1")
    for other in ({"title": "another"}, {"description": "y"}, {"timeoutSeconds": 5}, {"retry": {"count": 1}}):
        answer = submit(plane, token, "order-1", **other)
        assert answer.status == 409
        assert "Idempotency-Key" in answer.body["detail"]
    assert plane.statuses() == {"PENDING": 1}


def test_keys_belong_to_their_tenant(plane: Plane) -> None:
    first = submit(plane, plane.admin(), "order-1")
    second = submit(plane, plane.admin("tenant-b", "bob"), "order-1")
    assert (first.status, second.status) == (201, 201)
    assert first.body["jobId"] != second.body["jobId"]


def test_ten_concurrent_requests_make_one_job(plane: Plane, parts: Parts) -> None:
    caller = parts.principal(plane.admin())
    body = JobBody.model_validate({"title": "a job"})
    clients = [parts.submission() for _ in range(10)]

    def send(number: int, key: str) -> Submitted | ConflictError:
        job = clients[number].prepare(body, caller=caller, correlation_id=f"c-{number}", key=key)
        return clients[number].submit([job], caller=caller)[0]

    for key in ("order-1", "order-2", "order-3"):
        outcomes = at_once(*(partial(send, number, key) for number in range(10)))
        submitted = [outcome for outcome in outcomes if isinstance(outcome, Submitted)]
        assert len(submitted) == 10, outcomes
        assert len({outcome.job.job_id for outcome in submitted}) == 1
        assert [outcome.replayed for outcome in submitted].count(False) == 1
    assert plane.statuses() == {"PENDING": 3}
    assert len(plane.records()) == 3
    assert plane.rows("SELECT count(*) AS n FROM audit_logs WHERE action = 'JOB_CREATED'") == [{"n": 3}]


def test_a_batch_sent_again_makes_no_job_twice_and_tells_of_each_that_differs(plane: Plane) -> None:
    token = plane.admin()

    def send(*titles: str) -> Answer:
        jobs = [{"title": title} for title in titles]
        return plane.call(
            "submit", "POST", "/jobs/batch", {"jobs": jobs}, token=token, headers={"Idempotency-Key": "batch-1"}
        )

    first = send("one", "two")
    again = send("one", "changed", "three")
    assert [item["status"] for item in first.body["items"]] == [201, 201]
    assert [item["status"] for item in again.body["items"]] == [200, 409, 201]
    assert again.body["items"][0]["job"]["jobId"] == first.body["items"][0]["job"]["jobId"]
    assert (again.body["created"], again.body["rejected"]) == (1, 1)
    assert plane.statuses() == {"PENDING": 3}


def test_a_key_that_is_no_key_is_refused(plane: Plane) -> None:
    token = plane.admin()
    for key in ("with space", "x" * 201, "ümlaut"):
        assert submit(plane, token, key).status == 422
    assert plane.rows("SELECT * FROM jobs") == []
