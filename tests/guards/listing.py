"""The list of guards, read from guards.toml, and its table for docs/guarantees.md."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.marked_text import replace_between

ROOT = Path(__file__).parents[2]
LIST = Path(__file__).with_name("guards.toml")
PAGE = ROOT / "docs/guarantees.md"
BEGIN, END = "<!-- guards -->\n", "<!-- /guards -->\n"


@dataclass(frozen=True, kw_only=True)
class Guard:
    """One guard. text: what makes it, once in the file. without: what is left when it is taken away."""

    name: str
    protects: str
    file: str
    text: str
    without: str
    tests: tuple[str, ...]

    def remove_from(self, source: str) -> str:
        """Return the source without the guard. Raises ValueError unless its text is there, once."""
        if source.count(self.text) != 1:
            raise ValueError(f"{self.name}: its text stands {source.count(self.text)} times in {self.file}")
        return source.replace(self.text, self.without)


def read_guards() -> list[Guard]:
    """Read the list."""
    tables = tomllib.loads(LIST.read_text("utf-8"))["guard"]
    return [Guard(**{**table, "tests": tuple(table["tests"])}) for table in tables]


def table(guards: list[Guard]) -> str:
    """Return the guards as a table, each with the tests that notice when it is gone."""
    rows = ["| guard | protects | noticed by |", "|---|---|---|"]
    for guard in guards:
        names = "<br>".join(f"`{test.removeprefix('tests/')}`" for test in guard.tests)
        rows.append(f"| {guard.name} | {guard.protects} | {names} |")
    return "\n".join(rows) + "\n"


def with_table(page: str, guards: list[Guard]) -> str:
    """Return a page with the table between its marks. Raises ValueError if it has none."""
    return replace_between(page, table(guards), begin=BEGIN, end=END)
