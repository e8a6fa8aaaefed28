"""Seals of the audit trail: written once a day, where nobody can change them, by a function that can do no more."""

import json
from typing import Any

import pytest

from functions.seal.models import PREFIX
from infra.cdk.components.seal_bucket import SEALS_FOLDER
from infra.cdk.settings import SealSettings
from infra.cdk.stages import DEV, PROD
from tests.infra.assembly import Assembly
from tests.infra.survey import flat, functions, of_kind, statements

SETTINGS: dict[str, SealSettings] = {"dev": DEV.seal, "prod": PROD.seal}
HOURS_OF_A_DAY = 24


def _bucket(assembly: Assembly) -> dict[str, Any]:
    (bucket,) = assembly.resources("Data", "AWS::S3::Bucket").values()
    return bucket


def test_a_seal_cannot_be_changed_for_as_long_as_the_stage_says(stage: Assembly) -> None:
    settings = SETTINGS[stage.stage]
    properties = _bucket(stage)["Properties"]
    assert properties["ObjectLockEnabled"] is True
    assert properties["ObjectLockConfiguration"] == {
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": settings.mode, "Days": settings.retention_days}},
    }
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}


def test_nobody_takes_a_seal_of_prod_away_not_even_the_accounts_root() -> None:
    assert PROD.seal.mode == SealSettings().mode == "COMPLIANCE"
    assert PROD.seal.retention_days >= 365


def test_seals_are_for_the_function_and_for_tls(stage: Assembly) -> None:
    properties = _bucket(stage)["Properties"]
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    (policy,) = stage.resources("Data", "AWS::S3::BucketPolicy").values()
    (statement,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"], statement["Principal"]) == ("Deny", "s3:*", {"AWS": "*"})
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_seals_can_be_read_when_our_key_is_gone(stage: Assembly) -> None:
    (rule,) = _bucket(stage)["Properties"]["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}


def test_the_seals_of_prod_outlive_their_stack(prod: Assembly) -> None:
    assert _bucket(prod)["DeletionPolicy"] == _bucket(prod)["UpdateReplacePolicy"] == "Retain"


def test_the_function_adds_and_reads_seals_and_can_do_nothing_else_to_them(stage: Assembly) -> None:
    seal = functions(stage)["seal"].properties["Role"]["Fn::GetAtt"][0]
    touching = [s for s in statements(stage) if s.effect == "Allow" and any(a.startswith("s3:") for a in s.actions)]
    of_roles = [s for s in touching if s.owner.kind == "AWS::IAM::Policy" and any("-seals-" in r for r in s.resources)]
    assert {role["Ref"] for s in of_roles for role in s.owner.properties["Roles"]} == {seal}
    assert sorted(s.actions for s in of_roles) == [("s3:GetObjectVersion", "s3:PutObject"), ("s3:ListBucketVersions",)]
    (objects,) = (s for s in of_roles if "s3:PutObject" in s.actions)
    assert f"{SEALS_FOLDER}/" == PREFIX
    assert all(resource.endswith(f"/{PREFIX}*") for resource in objects.resources)


def test_the_way_out_of_the_network_lets_the_function_reach_its_bucket(stage: Assembly) -> None:
    """The network is there before the bucket, and knows it by its name alone."""
    name = flat(_bucket(stage)["Properties"]["BucketName"])
    doors = [s for s in statements(stage) if s.owner.kind == "AWS::EC2::VPCEndpoint"]
    passed = {
        (action, resource.partition(":s3:::")[2])
        for door in doors
        for action in door.actions
        for resource in door.resources
        if action.startswith("s3:") and name in resource
    }
    assert passed == {
        ("s3:ListBucketVersions", name),
        ("s3:GetObjectVersion", f"{name}/{SEALS_FOLDER}/*"),
        ("s3:PutObject", f"{name}/{SEALS_FOLDER}/*"),
    }


@pytest.mark.parametrize("name", ["local", "dev", "prod"])
def test_once_a_day_the_function_is_told_nothing_but_to_seal(name: str, request: pytest.FixtureRequest) -> None:
    assembly: Assembly = request.getfixturevalue(name)
    (rule,) = (
        found.properties
        for found in of_kind(assembly, "AWS::Events::Rule")
        if found.properties["Name"] == f"smartqueue-{name}-seal"
    )
    minute, hour, *rest = rule["ScheduleExpression"].removeprefix("cron(").removesuffix(")").split()
    assert minute.isdecimal()
    assert hour.isdecimal()
    assert rest == ["*", "*", "?", "*"]
    (target,) = rule["Targets"]
    assert json.loads(target["Input"]) == {}


def test_the_alarm_on_missing_seals_looks_at_more_than_a_day(prod: Assembly) -> None:
    (alarm,) = (
        found.properties
        for found in of_kind(prod, "AWS::CloudWatch::Alarm")
        if found.properties["AlarmName"] == "smartqueue-prod-seal-missing"
    )
    (period,) = {query["MetricStat"]["Period"] for query in alarm["Metrics"] if "MetricStat" in query}
    hours = period * alarm["EvaluationPeriods"] / 3600
    assert hours > HOURS_OF_A_DAY
    # CloudWatch's own bound for periods of an hour and more.
    assert hours <= 7 * HOURS_OF_A_DAY


def test_a_single_error_of_what_comes_once_a_day_rings(prod: Assembly) -> None:
    alarms = {found.properties["AlarmName"]: found.properties for found in of_kind(prod, "AWS::CloudWatch::Alarm")}
    assert alarms["smartqueue-prod-seal-errors"]["DatapointsToAlarm"] == 1
    assert alarms["smartqueue-prod-rotate-errors"]["DatapointsToAlarm"] == 2


def test_only_the_seal_speaks_as_the_auditor(prod: Assembly) -> None:
    secret = "smartqueue/prod/database/auditor"
    readers = {name for name in prod.functions if secret in prod.readable_secrets(name)}
    # These two give it its password.
    assert readers - {"migrate", "rotate"} == {"seal"}


def test_a_laptop_has_seals_too(local: Assembly) -> None:
    assert _bucket(local)["Properties"]["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"] == "GOVERNANCE"
    assert local.environment("seal")["SEAL_BUCKET"]
