"""Submit, classify and relay killed by SIGKILL between their steps: nothing is lost, nothing is done twice."""

import json

import pytest

from tests.integration.harness import Plane, event_types, msk_event, values
from tests.integration.invocations import api_event
from tests.integration.processes import Workers
from tests.integration.worker import Death

FIND = "smartqueue.store.classifications:ClassificationStore.find_unclassified"
WRITE = "smartqueue.store.classifications:ClassificationStore.write"
PUBLISH_NOW = "smartqueue.store.outbox:Outbox.publish_now"
PUBLISH = "smartqueue.broker:Broker.publish"
INSERT = "smartqueue.store.jobs:JobStore.insert"
TAKE_DUE = "smartqueue.store.outbox:Outbox.publish_due"

CLASSIFIER_DEATHS = [
    Death("after", FIND),
    Death("before", WRITE),
    Death("after", WRITE),
    Death("before", PUBLISH_NOW),
    Death("after", PUBLISH),
    Death("after", PUBLISH_NOW),
]


def submit_request(token: str, **headers: str) -> dict[str, object]:
    sent = {"content-type": "application/json", "authorization": f"Bearer {token}", **headers}
    return api_event("POST", "/jobs", {"title": "a job"}, headers=sent)


@pytest.mark.parametrize("death", CLASSIFIER_DEATHS, ids=lambda d: f"{d.when} {d.method.split('.')[-1]}")
def test_a_batch_delivered_again_after_the_classifier_died_is_classified_and_run_once(
    plane: Plane, workers: Workers, death: Death
) -> None:
    jobs = plane.submit_many(plane.admin(), 3, title="the database is down")
    created = plane.records()
    plane.deliver("process", created)

    workers.crash("classify", msk_event(created), death)
    plane.deliver("classify", created)
    plane.make_due()
    plane.drive()

    for job in jobs:
        assert plane.steps(job) == [
            ("JOB_CREATED", None, "PENDING"),
            ("JOB_CLASSIFIED", "PENDING", "PENDING"),
            ("JOB_STATUS_CHANGED", "PENDING", "PROCESSING"),
            ("JOB_STATUS_CHANGED", "PROCESSING", "COMPLETED"),
        ]
    assert plane.rows("SELECT * FROM outbox") == []


@pytest.mark.parametrize(
    "death",
    [Death("after", PUBLISH), Death("after", TAKE_DUE)],
    ids=["between publish and commit", "after the commit"],
)
def test_a_relay_that_dies_repeats_itself_at_worst(plane: Plane, workers: Workers, death: Death) -> None:
    jobs = plane.submit_many(plane.admin(), 4, type="simulate", payload={"durationSeconds": 0})
    plane.rows("DELETE FROM outbox")
    again = values(plane.records())
    plane.rows(
        "INSERT INTO outbox (id, tenant_id, topic, key, value, headers, due_at) SELECT uuidv7(), e->>'tenantId',"
        " 'job-events', e->>'jobId', e::text, jsonb_build_object('correlation_id', e->>'correlationId'), now()"
        " FROM jsonb_array_elements(%s::jsonb) e",
        json.dumps(again),
    )
    workers.crash("relay", {}, death, RELAY_RUN_SECONDS="20")
    lost_commit = death.method == PUBLISH
    assert len(plane.rows("SELECT * FROM outbox")) == (4 if lost_commit else 0)
    plane.look()
    records = plane.records()
    assert len(records) == (8 if lost_commit else 4)

    plane.deliver("process", records)
    assert plane.statuses() == {"COMPLETED": 4}
    assert {plane.job(job)["attempt"] for job in jobs} == {1}
    assert plane.rows("SELECT * FROM outbox") == []


def test_a_job_whose_submitter_died_between_commit_and_publish_is_published_by_the_relay(
    plane: Plane, workers: Workers
) -> None:
    token = plane.admin()
    workers.crash("submit", submit_request(token), Death("before", PUBLISH_NOW))
    assert plane.statuses() == {"PENDING": 1}
    assert plane.records() == []
    assert plane.look() == 0, "the relay leaves a fresh row to its writer"
    plane.make_due()
    assert plane.look() == 1
    records = plane.records()
    assert list(event_types(records)) == ["JOB_CREATED"]
    plane.deliver("classify", records)
    plane.drive()
    assert plane.statuses() == {"COMPLETED": 1}


def test_a_job_whose_submitter_died_after_publishing_runs_once(plane: Plane, workers: Workers) -> None:
    token = plane.admin()
    workers.crash("submit", submit_request(token), Death("after", PUBLISH))
    plane.make_due()
    plane.drive()
    [row] = plane.rows("SELECT status, attempt FROM jobs")
    assert row == {"status": "COMPLETED", "attempt": 1}


def test_a_submitter_that_died_before_the_commit_leaves_nothing(plane: Plane, workers: Workers) -> None:
    token = plane.admin()
    workers.crash("submit", submit_request(token), Death("before", INSERT))
    assert plane.rows("SELECT * FROM jobs") == []
    assert plane.rows("SELECT * FROM outbox") == []
    assert plane.records() == []


def test_a_client_that_got_no_answer_finds_its_job_by_the_idempotency_key(plane: Plane, workers: Workers) -> None:
    token = plane.admin()
    workers.crash("submit", submit_request(token, **{"idempotency-key": "order-7"}), Death("after", INSERT))
    answer = plane.call(
        "submit", "POST", "/jobs", {"title": "a job"}, token=token, headers={"idempotency-key": "order-7"}
    )
    assert answer.status == 200
    assert answer.headers["Idempotency-Replayed"] == "true"
    assert plane.statuses() == {"PENDING": 1}
