"""Secrets are made anew every so often, by a function that can do this and nothing else."""

from infra.cdk.stages import PROD
from tests.infra.assembly import Assembly

ROTATED = {
    "smartqueue/prod/database/owner",
    "smartqueue/prod/database/api",
    "smartqueue/prod/database/auth",
    "smartqueue/prod/database/worker",
    "smartqueue/prod/database/monitor",
    "smartqueue/prod/database/auditor",
    "smartqueue/prod/token-keys",
}


def test_passwords_and_the_token_key_are_rotated(prod: Assembly) -> None:
    schedules = prod.resources("Service", "AWS::SecretsManager::RotationSchedule").values()
    assert {prod.secret_name(schedule["Properties"]["SecretId"]) for schedule in schedules} == ROTATED
    for schedule in schedules:
        rules = schedule["Properties"]["RotationRules"]
        assert rules == {"AutomaticallyAfterDays": PROD.secret_rotation_days}
        assert schedule["Properties"]["RotateImmediatelyOnUpdate"] is False


def test_only_secrets_manager_of_this_account_starts_a_rotation(prod: Assembly) -> None:
    permissions = [
        permission["Properties"]
        for permission in prod.resources("Service", "AWS::Lambda::Permission").values()
        if permission["Properties"]["Principal"] == "secretsmanager.amazonaws.com"
    ]
    assert [permission["SourceAccount"] for permission in permissions] == [{"Ref": "AWS::AccountId"}]


def test_the_rotation_writes_those_secrets_only(prod: Assembly) -> None:
    writable = {
        prod.secret_name(resource)
        for statement in prod.statements("rotate")
        if "secretsmanager:PutSecretValue" in statement["Action"]
        for resource in statement["Resource"]
    }
    assert writable == ROTATED
    others = [
        name
        for name in prod.functions
        if name != "rotate"
        for statement in prod.statements(name)
        if "secretsmanager:PutSecretValue" in statement["Action"]
    ]
    assert others == []


def test_an_emulator_that_has_no_schedules_gets_none(local: Assembly) -> None:
    assert not local.resources("Service", "AWS::SecretsManager::RotationSchedule")
