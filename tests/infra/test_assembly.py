"""The cloud assembly as a whole: the same every time, and free of what belongs to one machine."""

import json
from pathlib import Path

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.components.package import PackageSource
from tests.infra.assembly import Assembly

STACKS = ("Data", "Service", "Observability")
# What the emulator refuses, or the local data plane has no use for.
UNWANTED = ("SecurityGroupIngress", "RotationSchedule", "ResourcePolicy", "AwsCustomResource", "CompositeAlarm")


def test_two_syntheses_are_the_same(local: Assembly, local_again: Assembly) -> None:
    for stack in STACKS:
        assert local.template(stack) == local_again.template(stack)
    assert _packages(local) == _packages(local_again)


def test_a_package_changes_with_its_sources_and_with_nothing_else(tmp_path: Path) -> None:
    source = PackageSource(folder=tmp_path, prefix="python")
    (tmp_path / "module.py").write_text("ANSWER = 42\n")
    before = source.fingerprint()
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "module.pyc").write_bytes(b"old")
    assert source.fingerprint() == before
    (tmp_path / "module.py").write_text("ANSWER = 43\n")
    assert source.fingerprint() != before


def test_ports_and_passwords_are_parameters_without_a_value(local: Assembly) -> None:
    parameters = local.template("Data")["Parameters"]
    defaults = {name: parameter.get("Default") for name, parameter in parameters.items()}
    assert defaults == {
        "DatabaseHost": None,
        "DatabasePort": None,
        "DatabaseOwnerPassword": None,
        "KafkaBootstrap": None,
        "KafkaSecurity": "PLAINTEXT",
        "KafkaUsername": "none",
        "KafkaPassword": "none",
        "KafkaCaFile": "",
        "CacheHost": None,
        "CachePort": None,
        "OpenAiApiKey": "none",
        "OpenAiBaseUrl": "",
    }
    assert parameters["DatabaseOwnerPassword"]["NoEcho"]
    assert parameters["OpenAiApiKey"]["NoEcho"]
    assert parameters["KafkaPassword"]["NoEcho"]


def test_no_secret_has_its_value_in_the_template(local: Assembly) -> None:
    for secret in local.resources("Data", "AWS::SecretsManager::Secret").values():
        properties = secret["Properties"]
        if "SecretString" in properties:
            references = [part["Ref"] for part in properties["SecretString"]["Fn::Join"][1] if isinstance(part, dict)]
            assert {"DatabaseOwnerPassword", "KafkaPassword", "OpenAiApiKey"} & set(references)
        else:
            assert properties["GenerateSecretString"]["GenerateStringKey"] in {"password", "key", "token"}


def test_the_database_secrets_say_who_connects(local: Assembly) -> None:
    secrets = {
        secret["Properties"]["Name"].removeprefix("smartqueue/local/"): secret["Properties"]
        for secret in local.resources("Data", "AWS::SecretsManager::Secret").values()
    }
    for role in ("api", "auth", "worker", "monitor", "auditor"):
        template = secrets[f"database/{role}"]["GenerateSecretString"]["SecretStringTemplate"]
        assert json.loads(template) == {"username": f"smartqueue_{role}"}
    assert secrets.keys() >= {"database/owner", "token-keys", "metrics-credential", "webhook-signing", "openai"}


def test_who_writes_to_kafka_is_told_the_login_and_may_read_it(local: Assembly) -> None:
    for function in local.functions:
        variables = local.environment(function)
        tells = "KAFKA_BOOTSTRAP" in variables
        assert (variables.get("KAFKA_SECRET_ID") == "smartqueue/local/kafka") is tells, function
        assert ("smartqueue/local/kafka" in local.readable_secrets(function)) is tells, function
        assert ("KAFKA_CA_FILE" in variables) is tells, function


def test_nothing_in_the_assembly_names_this_machine(local: Assembly) -> None:
    for file in local.folder.glob("*.json"):
        assert str(REPOSITORY) not in file.read_text(encoding="utf-8")


def test_the_local_stage_uses_nothing_that_the_emulator_refuses(local: Assembly) -> None:
    kinds = {r["Type"] for stack in STACKS for r in local.template(stack)["Resources"].values()}
    assert not [kind for kind in kinds if kind.endswith(UNWANTED) or kind.startswith("Custom::AWS")]


def _packages(assembly: Assembly) -> list[str]:
    return sorted(folder.name for folder in assembly.folder.glob("asset.*"))
