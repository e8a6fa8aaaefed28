"""Reading: pages that lose and repeat nothing while rows come in, filters, and a job's story."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.integration.harness import Plane


def walk(
    plane: Plane, function: str, resource: str, token: str, limit: int, between: Callable[[], object]
) -> list[Any]:
    """Read a list to its end, doing something between the pages."""
    items: list[Any] = []
    query = {"limit": str(limit)}
    while True:
        page = plane.call(function, "GET", resource, token=token, query=query).body
        items += page["items"]
        assert len(page["items"]) <= limit
        if page["nextCursor"] is None:
            return items
        query["cursor"] = page["nextCursor"]
        between()


def test_pages_of_jobs_neither_lose_nor_repeat_while_jobs_come_in(plane: Plane) -> None:
    token = plane.admin()
    jobs = plane.submit_many(token, 25)
    items = walk(plane, "query", "/jobs", token, 7, between=lambda: plane.submit_many(token, 3))
    assert [item["jobId"] for item in items] == sorted(jobs, reverse=True)


def test_jobs_of_one_moment_are_paged_by_their_ids(plane: Plane) -> None:
    token = plane.admin()
    jobs = plane.submit_many(token, 20)
    assert plane.rows("SELECT count(DISTINCT created_at) AS n FROM jobs") == [{"n": 1}]
    items = walk(plane, "query", "/jobs", token, 3, between=lambda: None)
    assert [item["jobId"] for item in items] == sorted(jobs, reverse=True)


def test_the_last_page_has_no_cursor(plane: Plane) -> None:
    token = plane.admin()
    plane.submit_many(token, 4)
    assert plane.call("query", "GET", "/jobs", token=token, query={"limit": "4"}).body["nextCursor"] is None


def test_pages_of_dead_letters_survive_replays_in_between(plane: Plane) -> None:
    token = plane.admin()
    jobs = [plane.simulate(token, failTimes=9, retry={"count": 0}) for _ in range(9)]
    for record in plane.records():
        plane.deliver("process", [record])
    replayed = iter(sorted(jobs))

    def replay_one() -> None:
        plane.call("replay", "POST", "/admin/dlq/replay", {"jobIds": [next(replayed)]}, token=token)

    items = walk(plane, "replay", "/admin/dlq", token, 2, between=replay_one)
    ids = [item["jobId"] for item in items]
    assert len(ids) == len(set(ids))
    assert [item["failedAt"] for item in items] == sorted((item["failedAt"] for item in items), reverse=True)
    dead = {str(row["job_id"]) for row in plane.rows("SELECT job_id FROM jobs WHERE status = 'FAILED'")}
    assert dead <= set(ids)


def test_pages_of_the_audit_trail_and_of_users(plane: Plane) -> None:
    token = plane.admin()
    plane.submit_many(token, 9)
    rows = walk(plane, "replay", "/admin/audit-logs", token, 4, between=lambda: plane.submit(token))
    assert [row["id"] for row in rows] == sorted({row["id"] for row in rows}, reverse=True)
    assert len(rows) == 10
    for number in range(5):
        plane.member(token, "VIEWER", f"user-{number}")
    users = walk(plane, "auth", "/admin/users", token, 2, between=lambda: None)
    assert [user["username"] for user in users] == ["alice", *(f"user-{n}" for n in range(5))]
    assert "password" not in str(users).lower()


def test_audit_rows_are_filtered_by_action_and_user(plane: Plane) -> None:
    token = plane.admin()
    operator = plane.member(token, "OPERATOR", "olga")
    plane.submit(operator)
    plane.submit(token)

    def found(**query: str) -> list[str]:
        items = plane.call("replay", "GET", "/admin/audit-logs", token=token, query=query).body["items"]
        return [item["action"] for item in items]

    assert found(action="JOB_CREATED") == ["JOB_CREATED"] * 2
    assert found(username="olga") == ["JOB_CREATED"]
    assert found(action="USER_REGISTERED", username="alice") == ["USER_REGISTERED"] * 2
    assert plane.call("replay", "GET", "/admin/audit-logs", token=token, query={"action": "NONE"}).status == 422


def test_a_job_whose_id_is_written_in_capitals_is_the_same_job(plane: Plane) -> None:
    token = plane.admin()
    job = plane.submit(token)["jobId"]

    def found(function: str, resource: str, job_id: str) -> Any:
        answer = plane.call(function, "GET", resource, token=token, jobId=job_id)
        assert answer.status == 200
        return answer.body

    for function, resource in (
        ("query", "/jobs/{jobId}"),
        ("query", "/jobs/{jobId}/timeline"),
        ("replay", "/admin/audit-logs/{jobId}"),
    ):
        assert found(function, resource, job.upper()) == found(function, resource, job)
    assert len(found("replay", "/admin/audit-logs/{jobId}", job.upper())["items"]) == 1


def test_jobs_are_filtered_by_every_field_together(plane: Plane) -> None:
    token = plane.admin()
    ticket = plane.submit(token, title="database deadlock, production outage")["jobId"]
    done = plane.simulate(token)
    plane.drive()
    waiting = plane.simulate(token)

    def found(**query: str) -> set[str]:
        items = plane.call("query", "GET", "/jobs", token=token, query=query).body["items"]
        return {item["jobId"] for item in items}

    category = plane.job(ticket)["category"]
    assert found(status="PENDING") == {waiting}
    assert found(type="simulate") == {done, waiting}
    assert found(type="simulate", status="COMPLETED") == {done}
    assert ticket in found(category=category)
    assert found(type="ticket", category=category, priority=plane.job(ticket)["priority"]) == {ticket}
    assert found(type="nothing") == set()
    for query in ({"status": "DONE"}, {"category": "x"}, {"priority": "x"}, {"limit": "0"}, {"limit": "101"}):
        assert plane.call("query", "GET", "/jobs", token=token, query=query).status == 422


def test_a_cursor_that_is_none_or_of_another_list_is_refused(plane: Plane) -> None:
    token = plane.admin()
    plane.submit_many(token, 2)
    audit = plane.call("replay", "GET", "/admin/audit-logs", token=token, query={"limit": "1"}).body["nextCursor"]
    for cursor in ("x", "!!!", audit, "W10"):
        answer = plane.call("query", "GET", "/jobs", token=token, query={"cursor": cursor})
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, "cursor")


def test_the_timeline_tells_every_step_with_who_when_and_why(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token, failTimes=1)
    plane.deliver("process", plane.records())
    waiting = plane.call("query", "GET", "/jobs/{jobId}/timeline", token=token, jobId=job).body
    told = waiting["steps"][-1]["attributes"]["nextAttemptAt"]
    assert datetime.fromisoformat(waiting["nextAttemptAt"]) == datetime.fromisoformat(told)
    plane.make_due()
    plane.drive()

    story = plane.call("query", "GET", "/jobs/{jobId}/timeline", token=token, jobId=job).body
    assert (story["status"], story["attempts"], story["truncated"], story["nextAttemptAt"]) == (
        "COMPLETED",
        2,
        False,
        None,
    )
    steps = [s for s in story["steps"] if s["action"] != "JOB_CLASSIFIED"]
    assert [(s["fromState"], s["toState"], s["by"]) for s in steps] == [
        (None, "PENDING", "alice"),
        ("PENDING", "PROCESSING", "system:process"),
        ("PROCESSING", "PENDING", "system:process"),
        ("PENDING", "PROCESSING", "system:process"),
        ("PROCESSING", "COMPLETED", "system:process"),
    ]
    assert steps[2]["details"] == "attempt 1 failed: simulated failure of attempt 1"
    assert [s["at"] for s in story["steps"]] == sorted(s["at"] for s in story["steps"])


def test_a_very_long_story_says_that_it_was_cut(plane: Plane) -> None:
    token = plane.admin()
    job = plane.simulate(token)
    plane.rows(
        "INSERT INTO audit_logs (tenant_id, username, action, entity_id, details, correlation_id)"
        " SELECT 'tenant-a', 'x', 'JOB_RETRY', %s, n::text, 'c' FROM generate_series(1, 600) n",
        job,
    )
    story = plane.call("query", "GET", "/jobs/{jobId}/timeline", token=token, jobId=job).body
    assert (len(story["steps"]), story["truncated"]) == (500, True)
