"""Cursors: what goes in comes out, and nothing else is taken for one."""

import base64
import contextlib
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartqueue.cursors import cut_page, decode_cursor, encode_cursor, read_page
from smartqueue.errors import UnprocessableError
from smartqueue.ids import new_id

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(st.lists(TEXT, min_size=1, max_size=3))
def test_a_cursor_gives_back_what_it_was_made_of(values: list[str]) -> None:
    assert decode_cursor(encode_cursor(*values), len(values)) == values


@given(st.text(), st.integers(1, 2))
def test_any_text_is_a_cursor_or_a_clear_error(text: str, count: int) -> None:
    with contextlib.suppress(UnprocessableError):
        assert len(decode_cursor(text, count)) == count


@pytest.mark.parametrize(
    "values",
    [
        ["2026-01-01T00:00:00", new_id()],
        ["2026-01-01T00:00:00+00:00", "1"],
        ["now", new_id()],
        [1, 2],
        ["one"],
        {"a": 1},
        None,
    ],
)
def test_a_page_starts_only_after_a_time_with_a_zone_and_an_id(values: object) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(values).encode()).decode()
    with pytest.raises(UnprocessableError):
        read_page(cursor, 10)


def test_a_page_reads_one_row_more_than_it_shows() -> None:
    time, row_id = datetime.now(UTC), new_id()
    page = read_page(encode_cursor(time.isoformat(), row_id), 10)
    assert (page.limit, page.before_time, page.before_id) == (11, time, row_id)
    assert read_page(None, 10).before_time is None


@given(st.lists(st.integers(), max_size=12), st.integers(1, 10))
def test_only_a_full_page_with_more_behind_it_has_a_next_one(rows: list[int], limit: int) -> None:
    page, following = cut_page(rows[: limit + 1], limit, str)
    assert page == rows[:limit]
    assert following == (str(page[-1]) if len(rows) > limit else None)
