"""Promise: templates are the same every time, hold no secret, and name nothing but their own stage."""

import getpass
import json
import re
import socket
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from infra.cdk.app import add_stacks
from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.stages import DEV, PROD
from smartqueue.settings import StageSettings
from tests.infra.assembly import FOR_TESTS_ALONE, Assembly
from tests.infra.conftest import synthesised
from tests.infra.survey import everything, flat, of_kind, templates

# Properties that name a resource, or another one.
NAME = re.compile(r"(Name|Identifier|Id|Alias)$")
# Names that only count within something that tells the stage, or that are AWS's own.
NAMES_WITHIN = {
    ("AWS::ApiGateway::Authorizer", "Name"): "An authorizer belongs to its API.",
    ("AWS::ApiGateway::Stage", "StageName"): "A stage belongs to its API.",
    (
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "ResourceId",
    ): "It points to a function, looked at itself.",
    ("AWS::CloudWatch::Alarm", "MetricName"): "A metric's dimensions name the stage, or what belongs to it.",
    ("AWS::CodeDeploy::DeploymentGroup", "DeploymentConfigName"): "It is AWS's, or looked at where it is made.",
    ("AWS::EC2::VPCEndpoint", "ServiceName"): "The service is AWS's.",
    ("AWS::ElastiCache::User", "UserName"): "A user's name is what clients of one cache log in with.",
    ("AWS::IAM::Policy", "PolicyName"): "An inline policy belongs to its role.",
    ("AWS::Lambda::Alias", "Name"): "An alias belongs to its function.",
    ("AWS::Lambda::EventSourceMapping", "FunctionName"): "It points to a function, looked at itself.",
    ("AWS::MSK::Topic", "TopicName"): "A topic belongs to its cluster.",
    ("AWS::RDS::DBInstance", "CACertificateIdentifier"): "The authority is AWS's.",
    ("AWS::RDS::DBInstance", "DBName"): "A database belongs to its instance.",
    ("AWS::SNS::Topic", "DisplayName"): "It is the sender of mails, which name the alarm and its stage.",
}
# Properties whose value is a credential.
CREDENTIALS = re.compile(r"(Password|AuthToken|SecretKey|ApiKey)s?$")
GENERATED = re.compile(r"^\{\{resolve:secretsmanager:.*\}\}$|^\{Ref [^}]+\}$")
# What a secret may say from the beginning.
EMPTY = {"", "none"}


def test_two_syntheses_are_the_same(stage: Assembly, tmp_path: Path) -> None:
    (settings,) = (settings for settings in (DEV, PROD) if settings.name == stage.stage)
    again = synthesised(tmp_path, settings, add_stacks, bundle=False)
    assert templates(again.folder, stage.stage) == templates(stage.folder, stage.stage)


def test_nothing_names_this_machine(stage: Assembly) -> None:
    text = json.dumps(templates(stage.folder, stage.stage))
    for word in (str(REPOSITORY), str(Path.home()), socket.gethostname()):
        assert word not in text
    # A short name of a user is also a word of AWS's: "root", "admin".
    assert f"/home/{getpass.getuser()}" not in text


def test_no_credential_stands_in_a_template(stage: Assembly) -> None:
    found = [
        f"{where}: {path}"
        for where in everything(stage)
        for path, value in _leaves(where.properties)
        if CREDENTIALS.search(path.rpartition(".")[2]) and not GENERATED.match(flat(value))
    ]
    assert found == []


def test_nothing_that_is_deployed_can_be_told_to_crash(stage: Assembly) -> None:
    text = json.dumps(templates(stage.folder, stage.stage))
    assert StageSettings.variables() >= FOR_TESTS_ALONE
    assert [name for name in FOR_TESTS_ALONE if name in text] == []


def test_secrets_are_generated_or_empty(stage: Assembly) -> None:
    secrets = of_kind(stage, "AWS::SecretsManager::Secret")
    assert secrets
    for secret in secrets:
        if "SecretString" in secret.properties:
            values = json.loads(flat(secret.properties["SecretString"]))
            assert set(values.values()) <= EMPTY, secret
        else:
            generated = secret.properties["GenerateSecretString"]
            assert generated["GenerateStringKey"], secret
            assert int(generated["PasswordLength"]) >= 32, secret


def test_every_name_tells_the_stage(stage: Assembly) -> None:
    named = [
        (found, key, flat(value))
        for found in everything(stage)
        for key, value in found.properties.items()
        # A reference names another resource, which is looked at itself.
        if NAME.search(key) and not _is_reference(value)
    ]
    assert len({found.kind for found, _, _ in named}) > len(NAMES_WITHIN)
    nameless = [
        f"{found}: {key} {name}"
        for found, key, name in named
        if (found.kind, key) not in NAMES_WITHIN and not re.search(rf"\b{stage.stage}\b", name)
    ]
    assert nameless == []


def test_synthesis_left_nothing_to_look_up(stage: Assembly) -> None:
    manifest = json.loads((stage.folder / "manifest.json").read_text(encoding="utf-8"))
    assert not manifest.get("missing")


def test_stacks_can_be_deployed_one_after_the_other(stage: Assembly) -> None:
    manifest = json.loads((stage.folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    stacks = {name for name, artifact in manifest.items() if artifact["type"] == "aws:cloudformation:stack"}
    needs = {name: set(manifest[name].get("dependencies", [])) & stacks for name in stacks}
    order = list(TopologicalSorter(needs).static_order())
    prefix = f"SmartQueue-{stage.stage}-"
    assert {name.removeprefix(prefix) for name in order} == templates(stage.folder, stage.stage).keys()
    assert order.index(f"{prefix}Network") < order.index(f"{prefix}Data") < order.index(f"{prefix}Service")
    exports: dict[str, str] = {}
    for name in order:
        template = templates(stage.folder, stage.stage)[name.removeprefix(prefix)]
        for imported in _imports(template["Resources"]):
            assert exports[imported] in _all_needs(needs, name), imported
        exports |= {o["Export"]["Name"]: name for o in template.get("Outputs", {}).values() if "Export" in o}


def _all_needs(needs: dict[str, set[str]], name: str) -> set[str]:
    return needs[name].union(*(_all_needs(needs, other) for other in needs[name]))


def _imports(value: Any) -> set[str]:
    if isinstance(value, dict):
        here = {value["Fn::ImportValue"]} if isinstance(value.get("Fn::ImportValue"), str) else set()
        return here.union(*map(_imports, value.values()))
    return set().union(*map(_imports, value)) if isinstance(value, list) else set()


def _is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() <= {"Ref", "Fn::GetAtt", "Fn::ImportValue", "Fn::Select"}


def _leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    """Every property with the path to it; intrinsic functions count as one value."""
    if isinstance(value, dict) and not any(key == "Ref" or key.startswith("Fn::") for key in value):
        return [leaf for key, inner in value.items() for leaf in _leaves(inner, f"{path}.{key}")]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner, path)]
    return [(path, value)]
