"""How often the fallback classifier agrees with the labelled tickets: never less than docs/classifier.md says."""

import json
from pathlib import Path

import pytest

from functions.classify.rules import classify_by_rules

DATA = Path(__file__).resolve().parents[2] / "data"


@pytest.mark.parametrize(
    ("file", "category_floor", "priority_floor"),
    [("tickets_tuning.jsonl", 0.98, 0.95), ("tickets_checking.jsonl", 0.92, 0.84)],
)
def test_accuracy_stays_above_its_floor(file: str, category_floor: float, priority_floor: float) -> None:
    categories = priorities = count = 0
    for line in (DATA / file).read_text(encoding="utf-8").splitlines():
        ticket = json.loads(line)
        verdict = classify_by_rules(ticket["title"], ticket["description"])
        categories += verdict.category == ticket["category"]
        priorities += verdict.priority == ticket["priority"]
        count += 1
    shares = {"category": categories / count, "priority": priorities / count}
    assert shares["category"] >= category_floor, shares
    assert shares["priority"] >= priority_floor, shares
