"""The IAM policy that a role gets over the API's routes."""

from typing import Any

from smartqueue.roles import Principal, Role

# The same rule as smartqueue.roles.required_role, in the words of IAM; a test compares the two route by route.
ALLOWED = {
    Role.VIEWER: ["GET/jobs", "GET/jobs/*"],
    Role.OPERATOR: ["GET/jobs", "GET/jobs/*", "POST/jobs", "POST/jobs/*"],
    Role.ADMIN: ["*/*"],
}


def build_policy(principal: Principal, method_arn: str) -> dict[str, Any]:
    """Return the authorizer's answer for a caller; `method_arn` tells which API and stage it is about."""
    stage_arn = "/".join(method_arn.split("/")[:2])
    return {
        "principalId": principal.user_id,
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": [f"{stage_arn}/{route}" for route in ALLOWED[principal.role]],
                }
            ],
        },
        "context": {"tenantId": principal.tenant_id, "username": principal.username, "role": principal.role},
    }
