"""Verifying a tenant's audit trail: rows in, problems out. Nothing here asks the database.

Every audit row has a link: its position, and a hash of the link before it and of the row. A head says where a chain
ends and what its rows add up to. Heads sealed outside the database show that the chain of then is part of today's. A
base says where a chain begins whose older rows were removed after their time.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self

from smartqueue.jobs import Action, Status

GENESIS = bytes(32)
COLUMNS = (
    "id",
    "tenant_id",
    "user_id",
    "username",
    "action",
    "entity_id",
    "old_state",
    "new_state",
    "details",
    "attributes",
    "correlation_id",
    "created_at",
)
_ACTION, _OLD, _NEW = (COLUMNS.index(name) for name in ("action", "old_state", "new_state"))

Values = Sequence[str | None]
"""A row's columns in the order of COLUMNS, as Postgres writes them."""


class Kind(StrEnum):
    """What can be wrong with a trail.

    EDITED: a row does not fit its link; one of the two was changed or moved.
    REMOVED: a link whose row is gone.
    UNCHAINED: a row without a link; it was written past the trigger, or its link is gone.
    BROKEN_LINK: a position without a link.
    HEAD_MISMATCH: the chain does not pass through a head.
    BOOKS_MISMATCH: the books of a head are not what the rows add up to.
    BASE_MISMATCH: the chain begins behind a head that was not sealed, or not long enough ago.
    """

    EDITED = "EDITED"
    REMOVED = "REMOVED"
    UNCHAINED = "UNCHAINED"
    BROKEN_LINK = "BROKEN_LINK"
    HEAD_MISMATCH = "HEAD_MISMATCH"
    BOOKS_MISMATCH = "BOOKS_MISMATCH"
    BASE_MISMATCH = "BASE_MISMATCH"


@dataclass(frozen=True, kw_only=True)
class Problem:
    """Something wrong with a tenant's trail, and where."""

    tenant_id: str
    kind: Kind
    details: str
    position: int | None = None
    audit_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Books:
    """How many jobs a trail has accepted, in which states it leaves them, and how many were removed after their end."""

    accepted: int = 0
    pending: int = 0
    processing: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    removed: int = 0

    def plus(self, values: Values) -> Self:
        """Return the books with one more row entered."""
        old, new = values[_OLD], values[_NEW]
        created, removed = (values[_ACTION] == action for action in (Action.JOB_CREATED, Action.JOB_REMOVED))
        if not (created or removed) and old == new:
            return self
        counts = {state.lower(): (new == state) - (old == state) for state in Status}
        return type(self)(
            accepted=self.accepted + created,
            removed=self.removed + removed,
            **{name: getattr(self, name) + change for name, change in counts.items()},
        )


@dataclass(frozen=True, kw_only=True)
class Head:
    """Where a chain ends; position 0 is the one of a chain without links. books: None if they are not known."""

    position: int = 0
    hash: bytes = GENESIS
    books: Books | None = Books()


@dataclass(frozen=True, kw_only=True)
class Base:
    """Where what is kept of a chain begins: behind a head that a seal of this name has, since then."""

    head: Head
    seal: str
    sealed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Link:
    """One link of a chain, with the row that it names, if that is still there."""

    position: int
    hash: bytes
    audit_id: str
    values: Values | None


def link_hash(previous: bytes, values: Values) -> bytes:
    """Return the hash of the link of a row. Postgres' function audit_text is the twin of this."""
    text = "".join("-" if value is None else f"{len(value.encode())}:{value}" for value in values)
    return hashlib.sha256(previous + text.encode()).digest()


@dataclass(kw_only=True)
class Verifier:
    """Follows one tenant's chain link by link.

    start: the head it begins behind, and what it takes for true. sealed: heads that it must pass through.
    """

    tenant_id: str
    start: Head = field(default_factory=Head)
    sealed: Mapping[int, Head] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Stand where the start is."""
        self._awaited = dict(self.sealed)
        self.checked = 0
        self.go_to(self.start)

    def go_to(self, head: Head) -> None:
        """Go on behind a head further on, taken for true: what is before it is not there any more."""
        self._position = head.position
        self._hash: bytes | None = head.hash
        # None once a row is not what it was: what follows cannot be added up any more.
        self._books: Books | None = head.books
        self._awaited = {position: sealed for position, sealed in self._awaited.items() if position > head.position}

    @property
    def reached(self) -> int:
        """The position of the last link seen."""
        return self._position

    @property
    def head(self) -> Head:
        """The head that the links seen so far make, as long as nothing was wrong with them."""
        return Head(position=self._position, hash=self._hash or GENESIS, books=self._books)

    def follow(self, links: Iterable[Link]) -> list[Problem]:
        """Check links in the order of their positions; return what is wrong with them."""
        return [problem for link in links for problem in self._check(link)]

    def finish(self, head: Head | None) -> list[Problem]:
        """Check where the chain ends. head: the one in the database, as of the last link seen."""
        problems = []
        ends_at = Head() if head is None else head
        if ends_at.position != self._position or (self._hash is not None and ends_at.hash != self._hash):
            problems.append(
                self._problem(Kind.HEAD_MISMATCH, f"the chain ends at {self._position}, its head is another one")
            )
        elif self._differ(ends_at):
            problems.append(self._problem(Kind.BOOKS_MISMATCH, "the books are not what the rows add up to"))
        problems += [
            self._problem(Kind.HEAD_MISMATCH, "the chain was sealed with this position, and has it no more", position)
            for position in sorted(self._awaited)
        ]
        return problems

    def _check(self, link: Link) -> list[Problem]:
        problems = []
        self.checked += 1
        if link.position != self._position + 1:
            problems.append(
                self._problem(
                    Kind.BROKEN_LINK, f"no links between {self._position} and {link.position}", self._position + 1
                )
            )
            self._hash = self._books = None
        problems += self._check_row(link)
        self._position, self._hash = link.position, link.hash
        head = self._awaited.pop(link.position, None)
        if head is not None:
            problems += self._compare(head, link)
        return problems

    def _check_row(self, link: Link) -> list[Problem]:
        if link.values is None:
            self._books = None
            return [self._problem(Kind.REMOVED, "the row of this link is gone", link.position, link.audit_id)]
        if self._hash is not None and link_hash(self._hash, link.values) != link.hash:
            self._books = None
            return [self._problem(Kind.EDITED, "the row does not fit its link", link.position, link.audit_id)]
        if self._books is not None:
            self._books = self._books.plus(link.values)
        return []

    def _compare(self, head: Head, link: Link) -> list[Problem]:
        if head.hash != link.hash:
            details = "the chain was sealed with another hash at this position"
            return [self._problem(Kind.HEAD_MISMATCH, details, link.position, link.audit_id)]
        if self._differ(head):
            details = "the books that were sealed are not what the rows add up to"
            return [self._problem(Kind.BOOKS_MISMATCH, details, link.position, link.audit_id)]
        return []

    def _differ(self, head: Head) -> bool:
        return None not in {self._books, head.books} and self._books != head.books

    def _problem(self, kind: Kind, details: str, position: int | None = None, audit_id: str | None = None) -> Problem:
        return Problem(tenant_id=self.tenant_id, kind=kind, details=details, position=position, audit_id=audit_id)


def unchained(tenant_id: str, audit_ids: Iterable[str]) -> list[Problem]:
    """Return the problems of rows without a link."""
    return [
        Problem(
            tenant_id=tenant_id,
            kind=Kind.UNCHAINED,
            details="the row has no link: it was written past the trigger, or its link is gone",
            audit_id=audit_id,
        )
        for audit_id in audit_ids
    ]
