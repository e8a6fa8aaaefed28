"""Keyset pagination: a cursor is the sort columns of the last row seen, wrapped so that nobody builds on its inside."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime

from smartqueue.errors import UnprocessableError
from smartqueue.ids import is_id
from smartqueue.request_checks import is_storable
from smartqueue.store.jobs import Page

DEFAULT_LIMIT = 20
MAX_LIMIT = 100


def encode_cursor(*values: str) -> str:
    """Wrap the sort columns of a row."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, count: int) -> list[str]:
    """Unwrap a cursor of `count` columns. Raises UnprocessableError if it is not one of ours."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or len(values) != count:
        raise bad_cursor()
    if not all(isinstance(value, str) and is_storable(value) for value in values):
        raise bad_cursor()
    return [str(value) for value in values]


def bad_cursor() -> UnprocessableError:
    """Return the error for a cursor that is not ours."""
    return UnprocessableError.of_field(
        "cursor", "is not a cursor of this list: use nextCursor of the previous page, or leave it out"
    )


def read_page(cursor: str | None, limit: int) -> Page:
    """Return the page that starts after a (time, id) cursor, one row longer than asked to see whether more follow."""
    if cursor is None:
        return Page(limit=limit + 1)
    time_text, row_id = decode_cursor(cursor, 2)
    try:
        time = datetime.fromisoformat(time_text)
    except ValueError:
        raise bad_cursor() from None
    if not is_id(row_id) or time.tzinfo is None:
        raise bad_cursor()
    return Page(limit=limit + 1, before_time=time, before_id=row_id)


def cut_page[T](rows: Sequence[T], limit: int, cursor_of: Callable[[T], str]) -> tuple[list[T], str | None]:
    """Return at most `limit` rows, and the cursor of the next page if there is one."""
    page = list(rows[:limit])
    return page, cursor_of(page[-1]) if len(rows) > limit else None
