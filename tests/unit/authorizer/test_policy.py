"""The policy at the edge. That it agrees with the handlers' rule is proved in smartqueue/test_roles.py."""

import pytest

from functions.authorizer.policy import build_policy
from smartqueue.roles import Principal, Role

ARN = "arn:aws:execute-api:eu-central-1:123456789012:abc123/prod"


def policy(role: Role) -> tuple[str, list[str], dict[str, str]]:
    caller = Principal(user_id="u-1", username="alice", tenant_id="tenant-a", role=role)
    answer = build_policy(caller, f"{ARN}/GET/jobs/123/timeline")
    [statement] = answer["policyDocument"]["Statement"]
    assert (statement["Action"], statement["Effect"]) == ("execute-api:Invoke", "Allow")
    return answer["principalId"], statement["Resource"], answer["context"]


@pytest.mark.parametrize("role", list(Role))
def test_it_covers_all_routes_of_this_stage_so_that_it_can_be_cached(role: Role) -> None:
    principal, resources, context = policy(role)
    assert principal == "u-1"
    assert all(resource.startswith(f"{ARN}/") for resource in resources)
    assert context == {"tenantId": "tenant-a", "username": "alice", "role": role.value}


def test_only_an_admin_reaches_admin_routes_and_only_a_viewer_cannot_post() -> None:
    assert policy(Role.ADMIN)[1] == [f"{ARN}/*/*"]
    for role in (Role.VIEWER, Role.OPERATOR):
        assert not any("admin" in resource or resource.endswith("/*/*") for resource in policy(role)[1])
    assert not any("POST" in resource for resource in policy(Role.VIEWER)[1])
    assert any("POST/jobs" in resource for resource in policy(Role.OPERATOR)[1])
