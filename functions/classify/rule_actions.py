"""The sentence that tells whoever picks the ticket up what to do first."""

from collections.abc import Sequence

from functions.classify.classification import Category, Priority
from functions.classify.rule_evidence import Evidence

_FIRST_STEPS: dict[Category, str] = {
    "Infrastructure": "check the affected hosts, cluster and storage, their monitoring and the latest change to them",
    "Database": "check the database's health, connections, locks, replication and slow queries",
    "Application": "check the application's error log and the latest release, and reproduce the described steps",
    "Network": "check the path hop by hop: name resolution, routes, firewall and load balancer, and recent changes",
}
_BY_PRIORITY: dict[Priority, str] = {
    "HIGH": "Page the on-call {team} engineer now; {steps}.",
    "MEDIUM": "Assign to the {team} team within the working day; {steps}.",
    "LOW": "Put it on the {team} team's backlog; answer or plan it with the next routine work.",
}
_BY_IDEA: tuple[tuple[str, str], ...] = (
    (
        "security breach",
        "Call the security on-call too: contain first, keep logs and disks as evidence, replace exposed secrets.",
    ),
    ("other people's data", "Call the security on-call too: close the leak first and keep the access logs."),
    ("lost data", "Stop writes to what is hit and secure the latest backup before anything is repaired."),
    ("danger to people", "Tell the people on site at once so that they can use another way while this is repaired."),
    ("money", "Stop the process that moves the money until the amounts are right."),
)
_LOW_BY_IDEA: tuple[tuple[str, str], ...] = (
    ("over", "It reports itself as over: confirm in the monitoring, note the cause and close it."),
    ("question", "It is a question: answer it or point to the documentation."),
    ("title asks", "It is a question: answer it or point to the documentation."),
)
_MOST_CHARACTERS = 500


def recommend(category: Category, priority: Priority, evidence: Sequence[Evidence]) -> str:
    """Return one or two sentences for a verdict, chosen by the gravest evidence behind it."""
    action = _BY_PRIORITY[priority].format(team=category.lower(), steps=_FIRST_STEPS[category])
    ideas = {item.idea for item in evidence if item.note != "negated" and any(w > 0 for w in item.weights.values())}
    advice = {"HIGH": _BY_IDEA, "MEDIUM": (), "LOW": _LOW_BY_IDEA}[priority]
    extra = next((sentence for idea, sentence in advice if idea in ideas), "")
    return f"{action} {extra}".strip()[:_MOST_CHARACTERS]
