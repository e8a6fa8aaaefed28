"""The table of routes is what the functions answer: no route leads nowhere, and none is out of reach."""

from __future__ import annotations

import importlib
import re
from typing import TYPE_CHECKING

import pytest

from infra.cdk.routes import ROUTES
from smartqueue.roles import Role, required_role

if TYPE_CHECKING:
    from smartqueue.http import Api

API_FUNCTIONS = sorted({route.function for route in ROUTES})


def registered(function: str) -> set[tuple[str, str]]:
    """Method and path of every route that a function's resolver knows, in the table's spelling."""
    api: Api = importlib.import_module(f"functions.{function}.handler").api
    # Powertools keeps what is registered in this attribute and offers no other way to ask.
    routes = api.app._static_routes + api.app._dynamic_routes
    return {(method, _spelling(route.path)) for route in routes for method in _methods(route.method)}


def _methods(methods: str | list[str]) -> list[str]:
    return [methods] if isinstance(methods, str) else list(methods)


def _spelling(path: str) -> str:
    """/jobs/<job_id> -> /jobs/{jobId}."""
    return re.sub(r"<(\w+)>", lambda found: "{" + _camel(found[1]) + "}", path)


def _camel(name: str) -> str:
    head, *tail = name.split("_")
    return head + "".join(part.title() for part in tail)


@pytest.mark.parametrize("function", API_FUNCTIONS)
def test_the_table_has_what_the_handler_registers(function: str) -> None:
    assert registered(function) == {(route.method, route.path) for route in ROUTES if route.function == function}


def test_no_route_is_in_the_table_twice() -> None:
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)


def test_routes_that_skip_the_authorizer_are_those_that_the_handlers_open() -> None:
    for function in API_FUNCTIONS:
        api: Api = importlib.import_module(f"functions.{function}.handler").api
        mine = [route for route in ROUTES if route.function == function]
        opened = {route.path for route in mine} if api._verify is None else api._public
        assert {route.path for route in mine if route.public} == opened


def test_everything_below_admin_is_the_admins() -> None:
    for route in ROUTES:
        if route.path.startswith("/admin/"):
            assert required_role(route.method, route.path) is Role.ADMIN
