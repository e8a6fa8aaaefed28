"""The page that the numbers are written into."""

import pytest

from infra.cost.levers import Saving
from infra.cost.page import BEGIN, END, MissingMarkersError, with_numbers
from infra.cost.prices import Money
from infra.cost.stage_cost import StageCost
from tests.unit.cost.builders import FUNCTIONS, stage_of

SAVING = Saving(text="-c less=more", gives_up="comfort", money=Money(20, 10, 30))
COST = StageCost(context=stage_of(*FUNCTIONS), savings=[SAVING])


def test_only_what_stands_between_the_markers_is_written() -> None:
    page = with_numbers(f"# Cost\n\nBefore.\n{BEGIN}\nold\n{END}\nAfter.\n", [COST])
    assert page.startswith("# Cost\n\nBefore.\n")
    assert page.endswith(f"{END}\nAfter.\n")
    assert "old" not in page
    assert "## prod: a million jobs" in page
    assert "| -c less=more | 20 (10 to 30) | comfort |" in page
    assert with_numbers(page, [COST]) == page


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(MissingMarkersError):
        with_numbers("# Cost\n", [COST])
