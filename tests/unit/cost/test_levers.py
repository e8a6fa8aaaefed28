"""What turning something down saves."""

import pytest

from infra.cdk.settings import StageSettings
from infra.cdk.stages import PROD
from infra.cost.levers import biggest_savings
from infra.cost.templates import StageTemplates
from tests.unit.cost.builders import FUNCTIONS, USAGE, Described, stage_of

GATEWAY_MONTH = 730 * (0.045 + 0.005)
NAT_LEVER = "`-c network.nat-gateways=1`"


def _templates(stage: StageSettings) -> StageTemplates:
    """A stage that holds its NAT gateways, and its firewall."""
    assert stage.network
    gateways: list[Described] = [("AWS::EC2::NatGateway", {}), ("AWS::EC2::EIP", {})] * stage.network.nat_gateways
    firewall: list[Described] = [("AWS::WAFv2::WebACL", {})] if stage.api.firewall else []
    return stage_of(*FUNCTIONS, *gateways, *firewall).templates


def _savings(stage: StageSettings) -> dict[str, float]:
    context = stage_of()
    bill = type(context)(templates=_templates(stage), prices=context.prices, usage=context.usage)
    return {saving.text: saving.money.likely for saving in biggest_savings(bill, stage, _templates)}


def test_a_lever_saves_what_the_bill_loses() -> None:
    found = _savings(PROD)
    assert found[NAT_LEVER] == pytest.approx(2 * GATEWAY_MONTH)
    requests = USAGE.job.submits + USAGE.job.reads
    assert found["`-c api.firewall=none`"] == pytest.approx(5 + requests * 0.60)


def test_the_biggest_comes_first_and_what_saves_nothing_is_left_out() -> None:
    found = _savings(PROD)
    assert list(found.values()) == sorted(found.values(), reverse=True)
    assert all(money > 0 for money in found.values())
    assert len(found) == 3


def test_what_a_stage_does_already_is_no_lever() -> None:
    assert NAT_LEVER not in _savings(PROD.with_values({"network.nat-gateways": "1"}))
