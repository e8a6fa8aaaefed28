"""The demonstration's client: what it sends, and how it says what went wrong."""

import json

import httpx2
import pytest

from localstack.demo.client import Api, ApiError, connect, refusal


def api_that_answers(status: int, body: object, *, seen: list[httpx2.Request] | None = None) -> Api:
    content = body if isinstance(body, str) else json.dumps(body)

    def answer(request: httpx2.Request) -> httpx2.Response:
        if seen is not None:
            seen.append(request)
        return httpx2.Response(status, text=content)

    return Api(connect("http://127.0.0.1:9/v1", transport=httpx2.MockTransport(answer)))


def test_requests_carry_the_token_the_query_and_the_body() -> None:
    seen: list[httpx2.Request] = []
    api = api_that_answers(200, {"items": []}, seen=seen)

    api.get("/jobs", limit=5)
    api.with_token("abc").post("/jobs", {"title": "x"}, headers={"Idempotency-Key": "k"})

    assert str(seen[0].url) == "http://127.0.0.1:9/v1/jobs?limit=5"
    assert "Authorization" not in seen[0].headers
    assert seen[1].headers["Authorization"] == "Bearer abc"
    assert seen[1].headers["Idempotency-Key"] == "k"
    assert json.loads(seen[1].content) == {"title": "x"}


def test_a_problem_is_told_in_its_own_words() -> None:
    problem = {
        "title": "Conflict",
        "status": 409,
        "detail": "Only a FAILED job can be replayed.",
        "correlationId": "c-1",
    }

    with pytest.raises(ApiError) as caught:
        api_that_answers(409, problem).post("/admin/jobs/1/replay")

    assert caught.value.status == 409
    assert str(caught.value) == (
        "POST /admin/jobs/1/replay was answered with 409: Only a FAILED job can be replayed."
        " See `smartqueue-local logs c-1`."
    )


@pytest.mark.parametrize("body", ["<html>Bad gateway</html>", '["Bad gateway"]'])
def test_an_error_that_is_no_problem_document_is_quoted(body: str) -> None:
    with pytest.raises(ApiError, match=r"GET /jobs was answered with 502: .*Bad gateway"):
        api_that_answers(502, body).get("/jobs")


@pytest.mark.parametrize("body", ["hello", "[1]"])
def test_a_good_answer_that_is_no_object_is_an_error(body: str) -> None:
    with pytest.raises(ApiError, match="not a JSON object"):
        api_that_answers(200, body).get("/jobs")


def test_no_answer_at_all_says_so() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused", request=request)

    api = Api(connect("http://127.0.0.1:9", transport=httpx2.MockTransport(refuse)))

    with pytest.raises(ApiError, match=r"GET /jobs: no answer \(ConnectError: connection refused\)") as caught:
        api.get("/jobs")
    assert caught.value.status == 0


def test_only_the_announced_refusal_is_no_finding() -> None:
    gone = api_that_answers(404, {"detail": "There is no such job."})
    fine = api_that_answers(200, {})

    assert refusal(lambda: gone.get("/jobs/1"), status=404) == ("404 There is no such job.", None)
    assert "announced a refusal with 409" in (refusal(lambda: gone.get("/jobs/1"), status=409)[1] or "")
    assert "was accepted" in (refusal(lambda: fine.get("/jobs/1"), status=404)[1] or "")
