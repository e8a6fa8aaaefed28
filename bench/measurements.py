"""What a run measured, for models that need a number even where it did not."""

from collections.abc import Mapping
from typing import Any

from bench.figures import Figure


class Measurements:
    """The medians of a run by their keys; remembers what was asked for in vain."""

    def __init__(self, figures: Mapping[str, Figure]) -> None:
        self._figures = figures
        self._missing: set[str] = set()

    def find(self, key: str) -> float | None:
        """Return what was measured, or None."""
        figure = self._figures.get(key)
        if figure is None:
            self._missing.add(key)
            return None
        return figure.value

    def value(self, key: str, *, otherwise: float) -> float:
        """Return what was measured, or what stands in for it."""
        measured = self.find(key)
        return otherwise if measured is None else measured

    def part(self, key: str, *path: str) -> float | None:
        """Return a number from the context of what was measured, or None."""
        figure = self._figures.get(key)
        found: Any = figure.context if figure else {}
        for name in path:
            found = found.get(name, {})
        return float(found) if isinstance(found, int | float) else None

    @property
    def missing(self) -> list[str]:
        """The keys that were asked for and not measured, in order."""
        return sorted(self._missing)
