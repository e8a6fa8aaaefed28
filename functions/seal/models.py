"""What the seal function writes to the bucket, and what it answers."""

from datetime import UTC
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, StringConstraints

from smartqueue.audit_chain import Books, Head, Kind
from smartqueue.models import ApiModel, WireModel

PREFIX = "heads/"


class HeadDocument(WireModel):
    """Where a chain ends, its hash in hexadecimal digits."""

    position: Annotated[int, Field(ge=0)]
    hash: Annotated[str, StringConstraints(pattern="^[0-9a-f]{64}$")]
    books: Books | None

    @classmethod
    def from_head(cls, head: Head) -> Self:
        """Write a head."""
        return cls(position=head.position, hash=head.hash.hex(), books=head.books)

    def head(self) -> Head:
        """Read it."""
        return Head(position=self.position, hash=bytes.fromhex(self.hash), books=self.books)


class TenantDocument(WireModel):
    """A tenant's head, and up to where the chain was verified without a problem.

    base: behind which head the chain began, as far as that was in order; None at its very beginning.
    """

    tenant_id: str
    head: HeadDocument
    sound: HeadDocument
    base: HeadDocument | None = None


class SealDocument(WireModel):
    """All tenants' heads at one time. kept_days: how long audit rows were kept then, 0 for ever; None is unknown."""

    format: Literal[1] = 1
    stage: str
    sealed_at: AwareDatetime
    kept_days: int | None = None
    tenants: list[TenantDocument]

    def key(self) -> str:
        """Return the name of its object; names sort by time."""
        return f"{PREFIX}{self.sealed_at.astimezone(UTC):%Y/%m/%d/%H%M%S.%f}Z.json"


class ProblemView(ApiModel):
    """Something wrong with a tenant's audit trail."""

    tenant_id: str
    kind: Kind
    position: int | None
    audit_id: str | None
    details: str


class Report(ApiModel):
    """What was verified. finished: False if the time was up before; then call again, for one tenant if need be.

    problems: the first ones; problem_count: how many there are. key: the object that the heads were written to.
    """

    tenants: int
    checked: int
    problem_count: int
    problems: list[ProblemView]
    finished: bool
    key: str | None = None
