"""The price table, and money that knows how sure it is."""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

PRICES = Path(__file__).with_name("prices.toml")


class UnknownPriceError(KeyError):
    """The table has no row for something that the templates hold."""

    def __str__(self) -> str:
        return f'prices.toml has no row "{self.args[0]}": look the price up and add it, with its source.'


class Confidence(StrEnum):
    """Where a price comes from; prices.toml says what the words mean."""

    LISTED = "listed"
    REPORTED = "reported"
    ESTIMATE = "estimate"


@dataclass(frozen=True)
class Money:
    """Dollars, and the range in which they lie."""

    likely: float
    low: float
    high: float

    @classmethod
    def exactly(cls, dollars: float) -> Self:
        """Without any doubt."""
        return cls(dollars, dollars, dollars)

    @classmethod
    def total(cls, parts: Iterable["Money"]) -> "Money":
        """The sum."""
        result = cls.exactly(0)
        for part in parts:
            result += part
        return result

    def __add__(self, other: "Money") -> "Money":
        return Money(self.likely + other.likely, self.low + other.low, self.high + other.high)

    def __sub__(self, other: "Money") -> "Money":
        return Money(self.likely - other.likely, self.low - other.high, self.high - other.low)

    def __mul__(self, factor: float) -> "Money":
        return Money(self.likely * factor, self.low * factor, self.high * factor)


class Price(BaseModel):
    """One row of the table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    dollars: float
    source: str
    confidence: Confidence
    low: float | None = None
    high: float | None = None
    reason: str | None = None

    @model_validator(mode="after")
    def _estimates_are_honest(self) -> Self:
        if self.confidence is Confidence.ESTIMATE:
            if self.low is None or self.high is None or not self.reason:
                raise ValueError(f"{self.key} is an estimate: it needs low, high and a reason")
            if not self.low <= self.dollars <= self.high:
                raise ValueError(f"{self.key} lies outside of its range")
        return self

    @property
    def money(self) -> Money:
        """What one unit costs."""
        return Money(
            self.dollars,
            self.dollars if self.low is None else self.low,
            self.dollars if self.high is None else self.high,
        )


class PriceTable(BaseModel):
    """All prices of one region on one day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    currency: str
    region: str
    date: date
    hours_per_month: int
    price: tuple[Price, ...]

    @classmethod
    def load(cls, path: Path = PRICES) -> Self:
        """Read the table. Raises pydantic.ValidationError."""
        return cls.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))

    @model_validator(mode="after")
    def _keys_are_unique(self) -> Self:
        keys = [price.key for price in self.price]
        if twice := {key for key in keys if keys.count(key) > 1}:
            raise ValueError(f"priced twice: {', '.join(sorted(twice))}")
        return self

    def row(self, key: str) -> Price:
        """A row by its key. Raises UnknownPriceError."""
        found = next((price for price in self.price if price.key == key), None)
        if found is None:
            raise UnknownPriceError(key)
        return found

    def hourly(self, key: str) -> Money:
        """What something costs in a month that is paid by the hour. Raises UnknownPriceError."""
        return self.row(key).money * self.hours_per_month

    def cost(self, key: str, units: float) -> Money:
        """What so many units cost. Raises UnknownPriceError."""
        return self.row(key).money * units
