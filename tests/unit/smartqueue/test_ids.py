"""Identifiers."""

from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from smartqueue.ids import is_id, new_id


def test_ids_are_uuid7_and_sort_by_the_time_they_were_made() -> None:
    ids = [new_id() for _ in range(2000)]
    assert ids == sorted(set(ids))
    assert {UUID(text).version for text in ids} == {7}
    assert all(map(is_id, ids))


@given(st.uuids(version=4))
def test_any_uuid_with_hyphens_is_an_id_in_either_case(value: UUID) -> None:
    assert is_id(str(value))
    assert is_id(str(value).upper())
    assert not is_id(value.hex)
    assert not is_id(f"{{{value}}}")
    assert not is_id(value.urn)


@given(st.text())
def test_any_text_is_judged_without_an_error(text: str) -> None:
    assert is_id(text) in {True, False}
