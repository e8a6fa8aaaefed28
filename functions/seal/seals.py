"""Sealed heads: objects in a bucket that keeps every version of every one of them for years, whoever deletes it."""

import logging
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from functions.seal.models import PREFIX, SealDocument

log = logging.getLogger(__name__)


class Seals:
    """The seals in one bucket. Every method raises botocore's errors."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, seal: SealDocument) -> str:
        """Write a seal and return its key. A key that is taken is an error: no seal takes another's place."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=seal.key(),
            Body=seal.model_dump_json(by_alias=True, indent=1).encode(),
            ContentType="application/json",
            IfNoneMatch="*",
            # Object Lock asks for one.
            ChecksumAlgorithm="SHA256",
        )
        return seal.key()

    def latest(self) -> SealDocument | None:
        """Return the last seal that can be read, if there is one."""
        for key, version in sorted(self._versions().items(), reverse=True):
            seal = self._read(key, version)
            if seal is not None:
                return seal
        return None

    def all(self) -> Iterator[SealDocument]:
        """Yield every seal that can be read, oldest first."""
        for key, version in sorted(self._versions().items()):
            seal = self._read(key, version)
            if seal is not None:
                yield seal

    def _versions(self) -> dict[str, str]:
        """The oldest version of every key: what came later, or hides it, was put there by somebody else."""
        oldest: dict[str, Any] = {}
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for version in page.get("Versions", []):
                known = oldest.setdefault(version["Key"], version)
                if version["LastModified"] <= known["LastModified"]:
                    oldest[version["Key"]] = version
        return {key: version["VersionId"] for key, version in oldest.items()}

    def _read(self, key: str, version: str) -> SealDocument | None:
        answer = self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version)
        try:
            return SealDocument.model_validate_json(answer["Body"].read())
        except ValidationError as error:
            # It cannot be deleted, and must not keep the others from being read.
            log.error("a seal cannot be read", extra={"key": key, "error": str(error)})  # noqa: TRY400
            return None
