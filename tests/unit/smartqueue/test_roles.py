"""Roles, and that the policy at the edge says the same as the rule in the handlers, for every route."""

import json
from fnmatch import fnmatchcase
from itertools import product
from pathlib import Path

import pytest

from functions.authorizer.policy import build_policy
from smartqueue.roles import Principal, Role, required_role

ROOT = Path(__file__).parents[3]
PUBLIC = {"/auth/register", "/auth/login", "/metrics", "/docs", "/openapi.json"}
PATHS = json.loads((ROOT / "functions/docs/openapi.json").read_text("utf-8"))["paths"]
ROUTES = [(method.upper(), path) for path, methods in PATHS.items() if path not in PUBLIC for method in methods]
LEAST = {"GET /jobs": "VIEWER", "POST /jobs": "OPERATOR", "GET /admin/dlq": "ADMIN", "PUT /admin/webhook": "ADMIN"}


def allowed_at_the_edge(role: Role, method: str, path: str) -> bool:
    arn = "arn:aws:execute-api:us-east-1:000000000000:api/v1"
    caller = Principal(user_id="u", username="n", tenant_id="t", role=role)
    [statement] = build_policy(caller, f"{arn}/GET/anything")["policyDocument"]["Statement"]
    wanted = f"{arn}/{method}{path.replace('{jobId}', '01890a5d-ac96-774b-bcce-b302099a8057')}"
    return any(fnmatchcase(wanted, pattern) for pattern in statement["Resource"])


def test_there_are_routes_to_compare() -> None:
    assert len(ROUTES) >= 14


@pytest.mark.parametrize(("role", "route"), list(product(Role, ROUTES)), ids=str)
def test_the_edge_and_the_handlers_agree_on_every_route(role: Role, route: tuple[str, str]) -> None:
    method, path = route
    assert allowed_at_the_edge(role, method, path) is role.includes(required_role(method, path))


@pytest.mark.parametrize(("route", "role"), list(LEAST.items()))
def test_the_least_role_of_a_route(route: str, role: str) -> None:
    assert required_role(*route.split()) == role


def test_a_higher_role_may_do_what_a_lower_one_may() -> None:
    order = [Role.VIEWER, Role.OPERATOR, Role.ADMIN]
    for (i, higher), (j, lower) in product(enumerate(order), enumerate(order)):
        assert higher.includes(lower) is (i >= j)


def test_no_path_that_only_begins_like_admin_is_guarded_as_admin() -> None:
    assert required_role("GET", "/administrators") is Role.VIEWER
    assert required_role("get", "/admin") is Role.ADMIN
    assert required_role("DELETE", "/jobs/{jobId}") is Role.OPERATOR
