"""The price table and its money."""

import pytest
from pydantic import ValidationError

from infra.cost.prices import Confidence, Money, Price, PriceTable


def test_money_adds_up_in_its_range() -> None:
    total = Money.total([Money(2, 1, 3), Money.exactly(10)])
    assert total == Money(12, 11, 13)
    assert total * 2 == Money(24, 22, 26)


@pytest.mark.parametrize("missing", ["low", "high", "reason"])
def test_an_estimate_has_a_range_and_a_reason(missing: str) -> None:
    whole = {"low": 1.0, "high": 3.0, "reason": "nobody knows"}
    row = {"key": "x", "dollars": 2.0, "source": "somewhere", "confidence": Confidence.ESTIMATE, **whole}
    assert Price.model_validate(row).money == Money(2, 1, 3)
    with pytest.raises(ValidationError, match="needs low, high and a reason"):
        Price.model_validate({name: value for name, value in row.items() if name != missing})


def test_an_estimate_lies_in_its_range() -> None:
    with pytest.raises(ValidationError, match="outside of its range"):
        Price(key="x", dollars=9, source="y", confidence=Confidence.ESTIMATE, low=1, high=3, reason="z")


def test_nothing_is_priced_twice() -> None:
    table = PriceTable.load()
    with pytest.raises(ValidationError, match="priced twice: secret-month"):
        PriceTable.model_validate({**table.model_dump(), "price": [*table.price, table.row("secret-month")]})
