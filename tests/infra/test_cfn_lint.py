"""What cfn-lint says of the templates of dev and prod, checked against AWS's own schemas."""

import pytest
from cfnlint.api import lint
from cfnlint.config import ManualArgs

from tests.infra.assembly import Assembly
from tests.infra.survey import templates

IGNORED = {
    "W3005": "CDK writes a role into DependsOn beside the reference to it, so that the role's policy comes first.",
    "W3010": "Zones are named on purpose: no synthesis asks the account for its own, and a network keeps its zones.",
}


@pytest.fixture
def findings(stage: Assembly) -> dict[str, list[str]]:
    """Everything cfn-lint found in any stack of the stage, by rule."""
    found: dict[str, list[str]] = {}
    for name in templates(stage.folder, stage.stage):
        path = stage.folder / f"SmartQueue-{stage.stage}-{name}.template.json"
        for match in lint(path.read_text(encoding="utf-8"), config=ManualArgs(regions=["us-east-1"])):
            found.setdefault(match.rule.id, []).append(f"{name}: {match}")
    return found


def test_cfn_lint_finds_nothing_but_what_has_a_reason(findings: dict[str, list[str]]) -> None:
    assert {rule: where for rule, where in findings.items() if rule not in IGNORED} == {}
    # A reason that nothing needs any more goes.
    assert findings.keys() == IGNORED.keys()
