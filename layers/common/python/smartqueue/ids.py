"""Identifiers: UUIDv7 (RFC 9562), so that they sort by the time they were made."""

from uuid import UUID

import uuid6


def new_id() -> str:
    """Return a new UUIDv7 in its text form."""
    return str(uuid6.uuid7())


def is_id(text: str) -> bool:
    """Tell whether `text` is a UUID in its usual form with hyphens."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
