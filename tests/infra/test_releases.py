"""How new code takes over: behind an alias, a part of the traffic first, and back when the function's alarm rings."""

import json

import pytest

from infra.cdk.stages import PROD
from tests.infra.assembly import Assembly
from tests.infra.test_functions import FUNCTIONS

RELEASED = sorted(set(FUNCTIONS) - {"migrate"})


def test_every_function_but_the_migration_has_an_alias(prod: Assembly) -> None:
    aliases = prod.resources("Service", "AWS::Lambda::Alias").values()
    assert {alias["Properties"]["Name"] for alias in aliases} == {"live"}
    resources = prod.template("Service")["Resources"]
    released = [resources[alias["Properties"]["FunctionName"]["Ref"]] for alias in aliases]
    assert sorted(name for name, function in prod.functions.items() if function in released) == RELEASED


def test_nothing_but_a_deployment_calls_a_function_past_its_alias(prod: Assembly) -> None:
    functions = {name for name, resource in prod.resources("Service", "AWS::Lambda::Function").items() if resource}
    permissions = prod.resources("Service", "AWS::Lambda::Permission").values()
    assert permissions
    past = [p for p in permissions if functions & set(_references(p["Properties"]["FunctionName"]))]
    assert past == []


@pytest.mark.parametrize("name", RELEASED)
def test_new_code_is_taken_back_when_the_functions_own_alarm_rings(prod: Assembly, name: str) -> None:
    full_name = f"smartqueue-prod-{name}"
    (group,) = (
        group["Properties"]
        for group in prod.resources("Service", "AWS::CodeDeploy::DeploymentGroup").values()
        if group["Properties"]["DeploymentGroupName"] == full_name
    )
    alarms = prod.resources("Service", "AWS::CloudWatch::Alarm")
    (watched,) = (alarm["Name"]["Ref"] for alarm in group["AlarmConfiguration"]["Alarms"])
    dimensions = {d["Name"]: d["Value"] for d in alarms[watched]["Properties"]["Dimensions"]}
    assert alarms[watched]["Properties"]["AlarmName"] == f"{full_name}-errors"
    assert dimensions == {"FunctionName": full_name, "Resource": f"{full_name}:live"}
    assert alarms[watched]["Properties"]["MetricName"] == "Errors"
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True,
        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"],
    }


def test_an_alarm_can_ring_before_a_canary_is_over(prod: Assembly) -> None:
    (config,) = prod.resources("Service", "AWS::CodeDeploy::DeploymentConfig").values()
    canary = config["Properties"]["TrafficRoutingConfig"]["TimeBasedCanary"]
    assert PROD.deployment is not None
    assert canary == {"CanaryInterval": PROD.deployment.canary_minutes, "CanaryPercentage": 10}
    for alarm in prod.resources("Service", "AWS::CloudWatch::Alarm").values():
        assert alarm["Properties"]["EvaluationPeriods"] * alarm["Properties"]["Period"] < canary["CanaryInterval"] * 60


def test_a_cheap_stage_shifts_at_once(dev: Assembly) -> None:
    assert not dev.resources("Service", "AWS::CodeDeploy::DeploymentConfig")
    groups = dev.resources("Service", "AWS::CodeDeploy::DeploymentGroup").values()
    assert all("AllAtOnce" in json.dumps(group["Properties"]["DeploymentConfigName"]) for group in groups)
    assert len(groups) == len(RELEASED)


def test_earlier_versions_stay_where_a_stage_keeps_things(prod: Assembly, dev: Assembly) -> None:
    def policies(assembly: Assembly) -> set[str]:
        return {version["DeletionPolicy"] for version in assembly.resources("Service", "AWS::Lambda::Version").values()}

    assert policies(prod) == {"Retain"}
    assert policies(dev) == {"Delete"}


def test_an_emulator_runs_the_newest_code(local: Assembly) -> None:
    for kind in ("AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::CodeDeploy::Application"):
        assert not local.resources("Service", kind)


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        found = [value["Ref"]] if isinstance(value.get("Ref"), str) else []
        found += [value["Fn::GetAtt"][0]] if "Fn::GetAtt" in value else []
        return found + [name for inner in value.values() for name in _references(inner)]
    return [name for inner in value for name in _references(inner)] if isinstance(value, list) else []
