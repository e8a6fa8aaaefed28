"""Secrets Manager, read through Powertools' cache: one call per secret and execution environment every five minutes."""

from collections.abc import Iterator
from typing import Any

SECRET_MAX_AGE_SECONDS = 300


def read_secret(secret_id: str, *, fresh: bool = False) -> dict[str, Any]:
    """Return the JSON object that the secret holds; `fresh` passes the cache by, for use after a rotation.

    Raises aws_lambda_powertools' GetParameterError or TransformParameterError.
    """
    # boto3 costs a sixth of a second to import: only those who read a secret pay.
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415

    secret: dict[str, Any] = parameters.get_secret(
        secret_id,
        transform="json",
        max_age=SECRET_MAX_AGE_SECONDS,
        force_fetch=fresh,
        VersionStage="AWSCURRENT",
    )
    return secret


def secret_versions(secret_id: str) -> Iterator[dict[str, Any]]:
    """Yield the secret as it is known here, then its `current_versions`; some may come more than once.

    Raises aws_lambda_powertools' GetParameterError or TransformParameterError.
    """
    yield read_secret(secret_id)
    yield from current_versions(secret_id)
    # A rotation may have ended between the two looks.
    yield read_secret(secret_id, fresh=True)


def current_versions(secret_id: str) -> Iterator[dict[str, Any]]:
    """Yield the secret as it is now, and as a rotation under way is about to make it.

    While a rotation gives a server its new password, the current version is the old one for a moment.
    Raises aws_lambda_powertools' GetParameterError or TransformParameterError for the first.
    """
    from aws_lambda_powertools.utilities import parameters  # noqa: PLC0415

    yield read_secret(secret_id, fresh=True)
    try:
        pending: dict[str, Any] = parameters.get_secret(
            secret_id, transform="json", max_age=0, force_fetch=True, VersionStage="AWSPENDING"
        )
    except parameters.exceptions.GetParameterError:
        # No rotation is under way.
        return
    yield pending
