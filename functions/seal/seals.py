"""Sealed heads: objects in a bucket that keeps every version of every one of them for years, whoever deletes it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from functions.seal.models import PREFIX, SealDocument
from smartqueue.audit_chain import Head

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SealedHead:
    """A tenant's head as it stands in a seal. written_at: since when the seal is there, by the bucket's own clock."""

    head: Head
    written_at: datetime


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A seal as it was first written."""

    document: SealDocument
    written_at: datetime

    def heads(self) -> Iterator[tuple[str, SealedHead]]:
        """Yield every tenant with its head."""
        for tenant in self.document.tenants:
            yield tenant.tenant_id, SealedHead(head=tenant.head.head(), written_at=self.written_at)


class Seals:
    """The seals in one bucket. Every method raises botocore's errors."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket
        self._found: dict[str, dict[str, SealedHead]] = {}

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
        for key, version in sorted(self._versions(PREFIX).items(), reverse=True):
            seal = self._read(key, version)
            if seal is not None:
                return seal.document
        return None

    def all(self) -> Iterator[Seal]:
        """Yield every seal that can be read, oldest first."""
        for key, version in sorted(self._versions(PREFIX).items()):
            seal = self._read(key, version)
            if seal is not None:
                yield seal

    def find(self, key: str, tenant_id: str) -> SealedHead | None:
        """Return a tenant's head in the seal of that name, if there is one. The name may be anybody's."""
        if key not in self._found:
            version = self._versions(key).get(key) if key.startswith(PREFIX) else None
            seal = None if version is None else self._read(key, version)
            self._found[key] = {} if seal is None else dict(seal.heads())
        return self._found[key].get(tenant_id)

    def _versions(self, prefix: str) -> dict[str, Any]:
        """The oldest version of every key: what came later, or hides it, was put there by somebody else."""
        oldest: dict[str, Any] = {}
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=self._bucket, Prefix=prefix):
            for version in page.get("Versions", []):
                known = oldest.setdefault(version["Key"], version)
                if version["LastModified"] <= known["LastModified"]:
                    oldest[version["Key"]] = version
        return oldest

    def _read(self, key: str, version: dict[str, Any]) -> Seal | None:
        answer = self._client.get_object(Bucket=self._bucket, Key=key, VersionId=version["VersionId"])
        try:
            document = SealDocument.model_validate_json(answer["Body"].read())
        except ValidationError as error:
            # It cannot be deleted, and must not keep the others from being read.
            log.error("a seal cannot be read", extra={"key": key, "error": str(error)})  # noqa: TRY400
            return None
        return Seal(document=document, written_at=version["LastModified"])
