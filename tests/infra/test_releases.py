"""How new code takes over: behind an alias, a part of the traffic first, and back when the function's alarm rings."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.stages import PROD
from tests.infra.assembly import Assembly
from tests.infra.test_functions import FUNCTIONS
from tests.infra.versions import version_of

RELEASED = sorted(set(FUNCTIONS) - {"migrate"})
FAIL_WITHOUT_ERROR = {"auth", "classify", "docs", "metrics", "process", "query", "replay", "submit"}


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
    called = [
        place["Properties"]
        for kind in (
            "AWS::ApiGateway::Method",
            "AWS::ApiGateway::Authorizer",
            "AWS::Events::Rule",
            "AWS::Lambda::EventSourceMapping",
            "AWS::SecretsManager::RotationSchedule",
        )
        for place in prod.resources("Service", kind).values()
    ]
    assert len(called) > len(RELEASED)
    aliases = set(prod.resources("Service", "AWS::Lambda::Alias"))
    assert [place for place in called if functions & set(_references(place))] == []
    assert [place for place in called if not aliases & set(_references(place))] == []


def test_what_speaks_of_an_alias_by_name_waits_until_it_is_there(prod: Assembly) -> None:
    aliases = {
        alias["Properties"]["FunctionName"]["Ref"]: name
        for name, alias in prod.resources("Service", "AWS::Lambda::Alias").items()
    }
    by_name = [
        found
        for found in prod.resources("Service", "AWS::Lambda::EventInvokeConfig").values()
        if found["Properties"]["Qualifier"] == "live"
    ]
    assert len(by_name) == len(RELEASED)
    assert all(aliases[found["Properties"]["FunctionName"]["Ref"]] in found["DependsOn"] for found in by_name)


def test_a_version_is_made_when_something_is_new_and_only_then(tmp_path: Path) -> None:
    first = version_of(tmp_path / "1")
    assert version_of(tmp_path / "2") == first
    changed = [
        version_of(tmp_path / "3", code="pass  # new"),
        version_of(tmp_path / "4", library="pass  # new"),
        version_of(tmp_path / "5", variable="new"),
        version_of(tmp_path / "6", timeout_seconds=16),
    ]
    assert len({first, *changed}) == 5


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
    assert alarms[watched]["Properties"]["AlarmName"] == f"{full_name}-errors"
    errors, *_ = (metric for metric in _metrics(alarms[watched]["Properties"]) if metric["MetricName"] == "Errors")
    assert errors["Namespace"] == "AWS/Lambda"
    assert _dimensions(errors) == {"FunctionName": full_name, "Resource": f"{full_name}:live"}
    assert group["AutoRollbackConfiguration"] == {
        "Enabled": True,
        "Events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_REQUEST", "DEPLOYMENT_STOP_ON_ALARM"],
    }


@pytest.mark.parametrize("name", RELEASED)
def test_an_alarm_counts_calls_that_failed_and_no_others(prod: Assembly, name: str) -> None:
    (alarm,) = (
        alarm["Properties"]
        for alarm in prod.resources("Service", "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["AlarmName"] == f"smartqueue-prod-{name}-errors"
    )
    ours = [metric for metric in _metrics(alarm) if metric["Namespace"] == "SmartTaskQueue"]
    counted = {metric["MetricName"] for metric in ours}
    assert all(_dimensions(m) == {"service": "smartqueue", "stage": "prod", "function": name} for m in ours)
    expressions = [query["Expression"] for query in alarm.get("Metrics", ()) if "Expression" in query]
    if name in FAIL_WITHOUT_ERROR:
        assert counted == {"failed_calls_total"}
        assert expressions == ["1000 * (FILL(errors, 0) + FILL(counted, 0)) / calls"]
    elif name == "authorizer":
        assert counted == {"refused_tokens_total"}
        assert expressions == ["1000 * (FILL(errors, 0) - FILL(counted, 0)) / calls"]
    else:
        assert (counted, expressions) == (set(), [])


def test_an_alarm_can_ring_before_a_canary_is_over(prod: Assembly) -> None:
    (config,) = prod.resources("Service", "AWS::CodeDeploy::DeploymentConfig").values()
    canary = config["Properties"]["TrafficRoutingConfig"]["TimeBasedCanary"]
    assert PROD.deployment is not None
    assert canary == {"CanaryInterval": PROD.deployment.canary_minutes, "CanaryPercentage": 10}
    for alarm in prod.resources("Service", "AWS::CloudWatch::Alarm").values():
        (period,) = {metric["Period"] for metric in _metrics(alarm["Properties"])}
        assert alarm["Properties"]["EvaluationPeriods"] * period < canary["CanaryInterval"] * 60


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


def _metrics(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    """Every metric an alarm is about, whether alone or in an expression."""
    if "Metrics" not in alarm:
        return [alarm]
    statistics = [query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query]
    return [{**statistic["Metric"], "Period": statistic["Period"]} for statistic in statistics]


def _dimensions(metric: dict[str, Any]) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric["Dimensions"]}


def _references(value: object) -> list[str]:
    if isinstance(value, dict):
        found = [value["Ref"]] if isinstance(value.get("Ref"), str) else []
        found += [value["Fn::GetAtt"][0]] if "Fn::GetAtt" in value else []
        return found + [name for inner in value.values() for name in _references(inner)]
    return [name for inner in value for name in _references(inner)] if isinstance(value, list) else []
