"""Rotates database passwords and the token key. Secrets Manager calls it, four times for each rotation."""

from typing import Any

from functions.rotate.database_password import DatabasePassword
from functions.rotate.kinds import Content, Kind, RotationError
from functions.rotate.rotation import rotate
from functions.rotate.settings import Settings
from functions.rotate.token_key import TokenKey
from functions.rotate.versions import SecretVersions
from smartqueue.aws import aws_client
from smartqueue.environment import Environment
from smartqueue.logs import log_invocation

environment = Environment(Settings)


def choose_kind(content: Content) -> Kind:
    """Tell kinds apart by what a secret holds. Raises RotationError for any other."""
    if DatabasePassword.fits(content):
        return DatabasePassword(environment.database, environment.settings)
    if TokenKey.fits(content):
        return TokenKey(token_lifetime_seconds=environment.settings.token_lifetime_seconds)
    raise RotationError(f"there is no way to rotate a secret of the fields {', '.join(sorted(content))}")


def lambda_handler(event: dict[str, Any], context: Any) -> None:
    """Take one step; an error makes Secrets Manager try the rotation again later."""
    with log_invocation(context) as log:
        secret_id, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
        log.append_keys(secret=secret_id, version=token, step=step)
        rotate(step, SecretVersions(aws_client("secretsmanager"), secret_id, token), choose_kind)
        log.info("step done")
