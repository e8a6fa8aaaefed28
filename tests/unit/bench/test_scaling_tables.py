"""The tables of docs/performance.md that come from the model."""

import pytest

from bench.scaling.tables import tables
from tests.unit.bench.figures import invented
from tests.unit.cost.builders import FUNCTIONS, stage_of

TABLES = tables(invented(), stage=stage_of(*FUNCTIONS))


def test_what_is_too_much_stands_out() -> None:
    [requests] = [line for line in TABLES["scaling-limits"].splitlines() if line.startswith("| API: requests")]
    assert "| 300 | **3,000** | **30,000** | **300,000** |" in requests


def test_the_classifier_gets_through_less_when_it_asks_the_model() -> None:
    limits = TABLES["scaling-limits"].splitlines()
    with_model, without = (
        next(place for place, line in enumerate(limits) if line.startswith(f"| Lambda: deliveries to classify{end} |"))
        for end in (", with the AI model", "")
    )
    assert with_model < without


def test_a_tenant_alone_gets_further_with_every_step() -> None:
    alone, together = TABLES["scaling-tenant"].split("\n\n")
    for table in (alone, together):
        rates = [float(line.split("|")[2].replace(",", "")) for line in table.splitlines()[2:]]
        assert rates == sorted(rates)
        assert len(set(rates)) == len(rates)


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_row_has_as_many_cells_as_its_table(table: str) -> None:
    for part in table.split("\n\n"):
        assert len({line.count("|") for line in part.splitlines()}) == 1
