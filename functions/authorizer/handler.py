"""The API Gateway authorizer: turns a token into a policy over all routes, so that its answer can be cached.

Handlers verify the token again with the same code: this saves them the calls that cannot succeed.
"""

from typing import Any

from functions.authorizer.policy import build_policy
from functions.authorizer.settings import Settings
from smartqueue.environment import Environment
from smartqueue.errors import UnauthorizedError
from smartqueue.failed_calls import count_refused_token
from smartqueue.logs import log_invocation

environment = Environment(Settings)


def lambda_handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    """Answer a TOKEN authorizer event with an IAM policy.

    Raises Exception("Unauthorized"), the one message that API Gateway turns into a 401.
    """
    with log_invocation(context) as log:
        try:
            principal = environment.verify(event.get("authorizationToken"))
        except UnauthorizedError as error:
            log.info("refused", extra={"reason": error.detail})
            count_refused_token(log.service)
            raise Exception("Unauthorized") from None  # noqa: TRY002
        log.info("let through", extra={"tenant_id": principal.tenant_id, "role": principal.role})
        return build_policy(principal, event["methodArn"])
