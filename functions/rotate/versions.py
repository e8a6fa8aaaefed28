"""The versions of one secret during a rotation, in Secrets Manager."""

import json
from typing import TYPE_CHECKING, Any

from functions.rotate.kinds import Content, RotationError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

CURRENT, PENDING = "AWSCURRENT", "AWSPENDING"


class SecretVersions:
    """The version `token`, made by Secrets Manager to be rotated in, beside the current one.

    Every method raises botocore's ClientError when Secrets Manager refuses.
    """

    def __init__(self, client: "SecretsManagerClient", secret_id: str, token: str) -> None:
        self._client = client
        self._secret_id = secret_id
        self._token = token

    def is_finished(self) -> bool:
        """Tell whether this version is the current one already.

        Raises RotationError if the secret is not being rotated to this version.
        """
        described = self._client.describe_secret(SecretId=self._secret_id)
        if described.get("RotationEnabled") is False:
            raise RotationError(f"{self._secret_id} is not set up to be rotated")
        stages = described.get("VersionIdsToStages", {}).get(self._token, [])
        if CURRENT in stages:
            return True
        if PENDING not in stages:
            raise RotationError(f"{self._secret_id} is not being rotated to the version {self._token}")
        return False

    def current(self) -> Content:
        """Return the content that is in use."""
        return _content(self._client.get_secret_value(SecretId=self._secret_id, VersionStage=CURRENT))

    def pending(self) -> Content | None:
        """Return the content to rotate in, or None while there is none."""
        try:
            found = self._client.get_secret_value(SecretId=self._secret_id, VersionId=self._token, VersionStage=PENDING)
        except self._client.exceptions.ResourceNotFoundException:
            return None
        return _content(found)

    def fill(self, content: Content) -> None:
        """Store the content to rotate in."""
        self._client.put_secret_value(
            SecretId=self._secret_id,
            ClientRequestToken=self._token,
            SecretString=json.dumps(content),
            VersionStages=[PENDING],
        )

    def promote(self) -> None:
        """Make this version the current one; what was current becomes AWSPREVIOUS."""
        stages = self._client.describe_secret(SecretId=self._secret_id)["VersionIdsToStages"]
        current = next(version for version, labels in stages.items() if CURRENT in labels)
        self._client.update_secret_version_stage(
            SecretId=self._secret_id,
            VersionStage=CURRENT,
            MoveToVersionId=self._token,
            RemoveFromVersionId=current,
        )


def _content(answer: Any) -> Content:
    try:
        content = json.loads(answer["SecretString"])
    except (KeyError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise RotationError(f"{answer['Name']} does not hold a JSON object")
    return content
