"""The Grafana board and the rules, read as Grafana and Prometheus read them."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from localstack.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = ROOT / "infra" / "prometheus"
RULES = FOLDER / "rules.yml"
SAMPLE = FOLDER / "prometheus.yml"
WINDOW = "5m"


@dataclass(frozen=True)
class Query:
    """One line of a panel."""

    panel: str
    legend: str
    expression: str

    def __str__(self) -> str:
        return f"{self.panel}: {self.legend}"


def board() -> dict[str, Any]:
    """The board."""
    read: dict[str, Any] = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    return read


def rules() -> list[dict[str, Any]]:
    """All rules, as they stand in the file."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def recordings() -> dict[str, str]:
    """Expressions by the series that they become."""
    return {rule["record"]: rule["expr"] for rule in rules() if "record" in rule}


def alerts() -> dict[str, str]:
    """Expressions by the alert's name."""
    return {rule["alert"]: rule["expr"] for rule in rules() if "alert" in rule}


def queries(stage: str) -> list[Query]:
    """Every line of every panel, with Grafana's variables filled in."""
    read = board()
    values = {variable["name"]: variable.get("query", "") for variable in read["templating"]["list"]}
    values |= {"stage": stage, "__rate_interval": WINDOW}
    return list(_queries(read, values))


def _queries(read: dict[str, Any], values: Mapping[str, Any]) -> Iterator[Query]:
    for panel in read["panels"]:
        for target in panel["targets"]:
            expression = re.sub(r"\$(\w+)", lambda found: str(values[found[1]]), target["expr"])
            yield Query(panel["title"], target["legendFormat"], expression)


def prices() -> dict[str, float]:
    """Dollars for a million tokens, by input and output, that the board begins with."""
    return {side: float(variable(f"{side}_price")["query"]) for side in ("input", "output")}


def variable(name: str) -> dict[str, Any]:
    """One of Grafana's variables."""
    [found] = [one for one in board()["templating"]["list"] if one["name"] == name]
    return dict(found)


def metrics_in(expression: str) -> set[str]:
    """The names of the metrics that an expression asks for."""
    return set(re.findall(r"([a-z_]+)\{", expression))
