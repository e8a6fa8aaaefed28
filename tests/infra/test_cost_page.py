"""The page of costs is what the templates of today cost."""

from pathlib import Path

from infra.cost.bill import Context
from infra.cost.page import with_numbers
from infra.cost.prices import PriceTable
from infra.cost.templates import StageTemplates
from infra.cost.usage import Usage
from tests.infra.assembly import Assembly

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cost.md"


def test_the_page_of_costs_is_up_to_date(dev: Assembly, prod: Assembly) -> None:
    prices, usage = PriceTable.load(), Usage.load()
    contexts = [
        Context(templates=StageTemplates.read(assembly.folder, assembly.stage), prices=prices, usage=usage)
        for assembly in (dev, prod)
    ]
    page = PAGE.read_text("utf-8")
    assert page == with_numbers(page, contexts), "run `make cost`"
    assert page.count("the five biggest levers") == 2
    assert page.count("| gives up |") == 2
