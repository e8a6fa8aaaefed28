"""The table of cold starts, one line for each function."""

from collections.abc import Mapping

from bench.figures import Figure
from bench.report import number

COLUMNS = {
    "init-cpu-ms": "ready, CPU ms",
    "init-peak-mb": "memory, MB",
    "first-request-cpu-ms": "first request, CPU ms",
    "first-request-wall-ms": "by the clock, ms",
    "unzipped-mb": "unzipped, MB",
    "zipped-mb": "zipped, MB",
}
SHOWN_IMPORTS = 5


def table(figures: Mapping[str, Figure]) -> str:
    """Return it as Markdown. Those who answer nobody have no first request."""
    names = [key.split(".")[1] for key in figures if key.startswith("cold.") and key.endswith(".init-cpu-ms")]
    head = ["function", *COLUMNS.values(), "of which libraries take most, ms of their own modules"]
    rows = [[name, *(_cell(figures, name, key) for key in COLUMNS), _imports(figures, name)] for name in names]
    rule = ["---", *("---:" for _ in COLUMNS), "---"]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))


def _cell(figures: Mapping[str, Figure], name: str, key: str) -> str:
    figure = figures.get(f"cold.{name}.{key}")
    return "" if figure is None else number(figure.value)


def _imports(figures: Mapping[str, Figure], name: str) -> str:
    heaviest = figures[f"cold.{name}.init-cpu-ms"].context["heaviest_imports_ms"]
    return ", ".join(f"{library} {number(ms)}" for library, ms in list(heaviest.items())[:SHOWN_IMPORTS])
