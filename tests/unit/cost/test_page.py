"""The page that the numbers are written into."""

import pytest

from infra.cost.page import BEGIN, END, MissingMarkersError, with_numbers
from tests.unit.cost.builders import FUNCTIONS, stage_of


def test_only_what_stands_between_the_markers_is_written() -> None:
    page = with_numbers(f"# Cost\n\nBefore.\n{BEGIN}\nold\n{END}\nAfter.\n", [stage_of(*FUNCTIONS)])
    assert page.startswith("# Cost\n\nBefore.\n")
    assert page.endswith(f"{END}\nAfter.\n")
    assert "old" not in page
    assert "## prod: a million jobs" in page
    assert with_numbers(page, [stage_of(*FUNCTIONS)]) == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(MissingMarkersError):
        with_numbers("# Cost\n", [stage_of(*FUNCTIONS)])
