"""What turning something down saves."""

import pytest

from infra.cost.levers import biggest_savings
from tests.unit.cost.builders import FUNCTIONS, Described, stage_of

HOURS = 730
GATEWAYS: list[Described] = [("AWS::EC2::NatGateway", {}), ("AWS::EC2::EIP", {})] * 3
DATABASE = ("AWS::RDS::DBInstance", {"DBInstanceClass": "db.t4g.medium", "MultiAZ": True, "AllocatedStorage": "100"})


def test_a_lever_saves_what_the_bill_loses() -> None:
    savings = {s.lever.setting: s.money.likely for s in biggest_savings(stage_of(*FUNCTIONS, *GATEWAYS))}
    assert savings["network.nat-gateways=1"] == pytest.approx(2 * HOURS * (0.045 + 0.005))


def test_the_biggest_comes_first_and_what_saves_nothing_is_left_out() -> None:
    found = biggest_savings(stage_of(*FUNCTIONS, *GATEWAYS, DATABASE))
    assert [saving.money.likely for saving in found] == sorted((s.money.likely for s in found), reverse=True)
    assert "database.instance-class=t4g.medium" not in {saving.lever.setting for saving in found}
    assert len(found) <= 5
