"""Valkey away: everything stays correct, only the counters and limits that it holds rest."""

from collections import Counter

from tests.fakes.webhook_receiver import WebhookReceiver
from tests.integration.harness import SCRAPE_TOKEN, Plane


def test_the_whole_road_works_without_the_cache(fragile_plane: Plane, receiver: WebhookReceiver) -> None:
    plane = fragile_plane
    plane.valkey.stop()
    token = plane.admin()
    tickets = plane.submit_many(token, 3, title="the database is down")
    hooks = plane.submit_many(token, 3, type="webhook", payload={"url": receiver.url})
    retried = plane.simulate(token, failTimes=2)
    seen = []
    for _ in range(5):
        plane.look()
        seen += plane.records()
        for _ in range(2):
            plane.deliver("classify", seen)
            plane.deliver("process", seen)
        plane.make_due()
    assert plane.statuses() == {"COMPLETED": 7}
    assert Counter(r.headers["webhook-id"] for r in receiver.requests) == Counter({f"{job}-0-1": 1 for job in hooks})
    assert plane.job(retried)["attempt"] == 3
    assert {plane.job(job)["category"] for job in tickets} == {"Database"}


def test_admins_work_without_the_cache(fragile_plane: Plane) -> None:
    plane = fragile_plane
    token = plane.admin()
    dead = plane.simulate(token, failTimes=1, retry={"count": 0})
    discarded = plane.simulate(token, failTimes=1, retry={"count": 0})
    plane.deliver("process", plane.records())
    plane.valkey.stop()

    assert plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead).status == 200
    assert plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead).status == 409
    answer = plane.call("replay", "POST", "/admin/dlq/discard", {"jobIds": [discarded]}, token=token)
    assert answer.body["count"] == 1
    answer = plane.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"})
    assert answer.status == 200


def test_limits_let_everybody_pass_without_the_cache(fragile_plane: Plane) -> None:
    plane = fragile_plane
    plane.configure(SUBMIT_QUOTA_PER_MINUTE="1", LOGIN_FAILURES_ALLOWED="1")
    token = plane.admin()
    plane.valkey.stop()
    for _ in range(3):
        plane.submit(token)
    wrong, right = ({"username": "alice", "password": password} for password in ("wrong1", "pass123"))
    assert [plane.call("auth", "POST", "/auth/login", body).status for body in (wrong, wrong, right)] == [401, 401, 200]


def test_the_metrics_endpoint_says_503_instead_of_zeros(fragile_plane: Plane) -> None:
    plane = fragile_plane
    plane.valkey.stop()
    answer = plane.call("metrics", "GET", "/metrics", token=SCRAPE_TOKEN)
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "15"


def test_duplicates_known_before_the_outage_and_new_ones_after_it_run_once(
    fragile_plane: Plane, receiver: WebhookReceiver
) -> None:
    plane = fragile_plane
    plane.submit_many(plane.admin(), 3, type="webhook", payload={"url": receiver.url})
    records = plane.records()
    plane.deliver("process", records[:1])
    plane.valkey.stop()
    plane.deliver("process", records[:2])
    # It comes back empty: what it knew is gone.
    plane.valkey.start()
    plane.deliver("process", records)
    plane.deliver("process", records)
    assert plane.statuses() == {"COMPLETED": 3}
    assert len(receiver.requests) == 3
