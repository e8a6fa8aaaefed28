"""The fixed cost of a stage: what a month costs before the first job counts.

Every type of resource is either priced by a rule or listed as free, with the reason; a type that is neither stops
the script, so that nothing expensive comes in unseen.
"""

from collections import defaultdict

from infra.cost.bill import Context, Line
from infra.cost.free import is_free
from infra.cost.prices import Money
from infra.cost.rules import RULES
from infra.cost.whole_stage import stage_lines


class UnknownResourceError(LookupError):
    """A template holds something that is neither priced nor known to be free."""


def idle_lines(context: Context) -> list[Line]:
    """The lines of the bill, equal ones put together.

    Raises: UnknownResourceError, UnpricedSettingError, UnknownPriceError.
    """
    known = context.templates.resources
    if unknown := {r.kind for r in known if r.kind not in RULES and not is_free(r.kind)}:
        raise UnknownResourceError(
            f"neither priced in infra/cost/rules.py nor free in infra/cost/free.py: {', '.join(sorted(unknown))}"
        )
    costs: dict[tuple[str, str], list[Money]] = defaultdict(list)
    for resource in known:
        if rule := RULES.get(resource.kind):
            for line in rule(context, resource.properties):
                costs[line.group, line.text].append(line.cost)
    for line in stage_lines(context):
        costs[line.group, line.text].append(line.cost)
    return [
        Line(group=group, text=text if len(equal) == 1 else f"{len(equal)} x {text}", cost=Money.total(equal))
        for (group, text), equal in costs.items()
    ]
