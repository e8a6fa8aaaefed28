"""The fallback classifier: reads a ticket's words and weighs what they say, for when no model can be asked."""

from collections.abc import Iterable
from typing import NamedTuple

from functions.classify.classification import CATEGORIES, PRIORITIES, Category, Classification, Priority
from functions.classify.rule_actions import recommend
from functions.classify.rule_circumstances import NUMBER_IDEAS, circumstances
from functions.classify.rule_evidence import WORRYING, Evidence, category_evidence, priority_evidence, read_ticket

CONFIDENCE = 0.5
# Each further phrase for the same label says less than the stronger ones before it.
FURTHER_PHRASE_FACTOR = 0.85
SIDE_SYSTEM_FACTOR = 0.45
OVER_FACTOR = 0.4
MEDIUM_START = 1.0
# That something is wrong counts up to a limit: ten error words are no worse than three.
FAULT_LIMIT = 3.0
FAULT_HIGH = 0.5
FAULT_MEDIUM = 0.7
QUIET_BONUS = 2.5


class Explanation(NamedTuple):
    """A verdict with the sums it rests on and every phrase that went into them."""

    category: Category
    priority: Priority
    category_scores: dict[str, float]
    priority_scores: dict[str, float]
    evidence: tuple[Evidence, ...]


def classify_by_rules(title: str, description: str) -> Classification:
    """Classify a ticket by its words alone. The same words always give the same verdict; nothing is raised."""
    verdict = explain(title, description)
    return Classification(
        category=verdict.category,
        priority=verdict.priority,
        confidence_score=CONFIDENCE,
        recommended_action=recommend(verdict.category, verdict.priority, verdict.evidence),
        source="FALLBACK",
    )


def explain(title: str, description: str) -> Explanation:
    """Classify a ticket and tell why."""
    ticket = read_ticket(title, description)
    about_category = category_evidence(ticket)
    about_priority = priority_evidence(ticket) + circumstances(title, description, ticket)
    category_scores = _sums(about_category, CATEGORIES)
    priority_scores = _priority_scores(about_priority)
    return Explanation(
        category=max(CATEGORIES, key=lambda label: (category_scores[label], label == "Application")),
        priority=max(PRIORITIES, key=lambda label: (priority_scores[label], label == "MEDIUM")),
        category_scores=category_scores,
        priority_scores=priority_scores,
        evidence=(*about_category, *about_priority),
    )


def _priority_scores(evidence: list[Evidence]) -> dict[str, float]:
    evidence = _with_numbers_only_beside_a_fault(evidence)
    sums = _sums(evidence, (*PRIORITIES, "FAULT"))
    fault = min(sums.pop("FAULT"), FAULT_LIMIT)
    scores = {**sums, "HIGH": sums["HIGH"] + fault * FAULT_HIGH, "MEDIUM": sums["MEDIUM"] + fault * FAULT_MEDIUM}
    ideas = {item.idea for item in evidence if not item.note}
    if "not a live system" in ideas:
        scores["MEDIUM"] += scores["HIGH"] * (1 - SIDE_SYSTEM_FACTOR) / 2
        scores["HIGH"] *= SIDE_SYSTEM_FACTOR
    if "over" in ideas:
        scores["HIGH"] *= OVER_FACTOR
        scores["MEDIUM"] *= OVER_FACTOR
    if scores["HIGH"] + scores["MEDIUM"] == 0 and scores["LOW"] > 0:
        scores["LOW"] += QUIET_BONUS
    scores["MEDIUM"] += MEDIUM_START
    return scores


def _with_numbers_only_beside_a_fault(evidence: list[Evidence]) -> list[Evidence]:
    rest = [item for item in evidence if item.idea not in NUMBER_IDEAS]
    faulty = any(not item.weights.keys().isdisjoint(WORRYING) for item in rest)
    return evidence if faulty else rest


def _sums(evidence: Iterable[Evidence], labels: Iterable[str]) -> dict[str, float]:
    """Add up the weights for each label, strongest first; a phrase that is repeated counts once, at its strongest."""
    sums: dict[str, float] = {}
    for label in labels:
        strongest: dict[str, float] = {}
        for item in evidence:
            weight = item.weights.get(label, 0.0)
            if weight and abs(weight) > abs(strongest.get(item.phrase, 0.0)):
                strongest[item.phrase] = weight
        ranked = sorted(strongest.values(), reverse=True)
        positive = sum(weight * FURTHER_PHRASE_FACTOR**rank for rank, weight in enumerate(ranked) if weight > 0)
        sums[label] = positive + sum(weight for weight in ranked if weight < 0)
    return sums
