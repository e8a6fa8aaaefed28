"""The page of costs is what the stages of today cost."""

from pathlib import Path

import pytest

from infra.cdk.settings import ModelSettings
from infra.cdk.stages import DEV, PROD
from infra.cost.page import with_numbers
from infra.cost.prices import PriceTable
from infra.cost.stage_cost import cost_of

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cost.md"


def test_the_page_of_costs_is_up_to_date() -> None:
    costs = [cost_of(stage) for stage in (DEV, PROD)]
    page = PAGE.read_text("utf-8")
    assert page == with_numbers(page, costs), "run `make cost`"
    assert [len(cost.savings) for cost in costs] == [5, 5]


@pytest.mark.parametrize("direction", ["input", "output"])
def test_the_dashboard_and_the_page_count_with_the_same_price_of_a_token(direction: str) -> None:
    price = PriceTable.load().row(f"ai-million-{direction}-tokens").dollars
    assert getattr(ModelSettings(), f"dollars_per_million_{direction}_tokens") == price
