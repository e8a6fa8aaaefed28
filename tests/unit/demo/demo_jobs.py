"""Jobs for the demonstration's tests, as the API would show them."""

from typing import Any

from localstack.demo.plan import Announced, Tracked


def make_job(title: str = "Login is down", ends: str = "COMPLETED", /, **view: Any) -> Tracked:
    """A ticket of harbour's that is announced to end so; `view` is what the API said of it."""
    announced = Announced(
        key="", tenant="harbour", body={"title": title}, ends=ends, attempts=None, because="it is told so"
    )
    return Tracked(announced, {"jobId": title, **view} if view else {})
