"""The four steps of a rotation, as Secrets Manager asks for them: each may come again, and does after a failure.

Protocol: docs.aws.amazon.com/secretsmanager/latest/userguide/rotate-secrets_lambda-functions.html
"""

from collections.abc import Callable
from typing import Literal

from functions.rotate.kinds import Content, Kind, RotationError
from functions.rotate.versions import SecretVersions

Step = Literal["createSecret", "setSecret", "testSecret", "finishSecret"]
ChooseKind = Callable[[Content], Kind]


def rotate(step: str, versions: SecretVersions, choose_kind: ChooseKind) -> None:
    """Take one step.

    Raises RotationError (a secret or step that cannot be rotated), botocore's ClientError or psycopg.Error; then
    Secrets Manager starts over with the same version, and what was done already is found done.
    """
    if versions.is_finished():
        return
    current, pending = versions.current(), versions.pending()
    kind = choose_kind(current)
    match step:
        case "createSecret":
            if pending is None:
                versions.fill(kind.renew(current))
        case "setSecret":
            kind.apply(current, _filled(pending))
        case "testSecret":
            kind.test(current, _filled(pending))
        case "finishSecret":
            _filled(pending)
            versions.promote()
        case _:
            raise RotationError(f"a rotation has no step {step!r}")


def _filled(pending: Content | None) -> Content:
    if pending is None:
        raise RotationError("the version to rotate in is still empty: createSecret comes first")
    return pending
