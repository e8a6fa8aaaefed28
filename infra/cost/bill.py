"""What a bill is made of, and what is looked at to write one."""

from dataclasses import dataclass

from infra.cost.prices import Money, PriceTable
from infra.cost.templates import StageTemplates
from infra.cost.usage import Usage

GIGABYTE = 1e9
MILLION = 1e6
SECONDS_PER_HOUR = 3600
MINUTES_PER_HOUR = 60
HOURS_PER_DAY = 24


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is paid for."""

    group: str
    text: str
    cost: Money


@dataclass(frozen=True, kw_only=True)
class Context:
    """A stage, and what is known of prices and usage."""

    templates: StageTemplates
    prices: PriceTable
    usage: Usage
