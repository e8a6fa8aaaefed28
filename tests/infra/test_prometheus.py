"""The managed Prometheus of a stage: a workspace with our rules, and a function that feeds it and may do no more."""

from typing import Any

import pytest
import yaml

from functions.export.settings import Settings
from infra.cdk.components.code_assets import REPOSITORY
from tests.infra.assembly import FOR_TESTS_ALONE, Assembly

RULES = REPOSITORY / "infra" / "prometheus" / "rules.yml"


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """Both stages that have a workspace."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


def only(stage: Assembly, kind: str) -> tuple[str, dict[str, Any]]:
    """The logical id and the properties of the one resource of a type."""
    [(name, resource)] = stage.resources("Prometheus", kind).items()
    return name, resource["Properties"]


def test_the_workspace_evaluates_the_rules_of_the_repository(stage: Assembly) -> None:
    workspace, _ = only(stage, "AWS::APS::Workspace")
    _, rules = only(stage, "AWS::APS::RuleGroupsNamespace")
    assert rules["Workspace"] == {"Fn::GetAtt": [workspace, "Arn"]}
    assert yaml.safe_load(rules["Data"]) == yaml.safe_load(RULES.read_text(encoding="utf-8"))


def test_what_goes_wrong_with_rules_is_logged(stage: Assembly) -> None:
    _, workspace = only(stage, "AWS::APS::Workspace")
    logs = stage.resources("Prometheus", "AWS::Logs::LogGroup")
    log = logs[workspace["LoggingConfiguration"]["LogGroupArn"]["Fn::GetAtt"][0]]["Properties"]
    # Anywhere else the service may not write.
    assert log["LogGroupName"] == f"/aws/vendedlogs/prometheus/smartqueue-{stage.stage}"
    assert log["RetentionInDays"] > 0


def test_the_exporter_runs_once_a_minute_and_is_not_repeated(stage: Assembly) -> None:
    _, rule = only(stage, "AWS::Events::Rule")
    _, calls = only(stage, "AWS::Lambda::EventInvokeConfig")
    alias, properties = only(stage, "AWS::Lambda::Alias")
    assert (rule["ScheduleExpression"], rule["State"]) == ("rate(1 minute)", "ENABLED")
    [target] = rule["Targets"]
    assert target["Arn"] == {"Ref": alias}
    assert properties["Name"] == calls["Qualifier"] == "live"
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == calls["MaximumRetryAttempts"] == 0


def test_the_exporter_is_told_where_to_read_and_where_to_write(stage: Assembly) -> None:
    workspace, _ = only(stage, "AWS::APS::Workspace")
    _, function = only(stage, "AWS::Lambda::Function")
    variables = function["Environment"]["Variables"]
    given = {name for name in variables if not name.startswith("POWERTOOLS_")}
    assert given == Settings.variables() - FOR_TESTS_ALONE
    read, written = (_joined(variables[name]) for name in ("METRICS_URL", "REMOTE_WRITE_URL"))
    assert read.startswith("https://")
    assert read.endswith("/metrics")
    region = "us-east-1"
    assert written == f"https://aps-workspaces.{region}.<AWS::URLSuffix>/workspaces/<{workspace}>/api/v1/remote_write"
    # It needs no data service, and reads the API as anybody does.
    assert "VpcConfig" not in function


def test_the_exporter_may_read_one_secret_and_write_to_one_workspace(stage: Assembly) -> None:
    workspace, _ = only(stage, "AWS::APS::Workspace")
    _, policy = only(stage, "AWS::IAM::Policy")
    rights = {
        action: statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        for action in _as_list(statement["Action"])
    }
    assert rights["aps:RemoteWrite"] == {"Fn::GetAtt": [workspace, "Arn"]}
    assert stage.secret_name(rights["secretsmanager:GetSecretValue"]) == (
        f"smartqueue/{stage.stage}/metrics-credential"
    )
    services = {action.partition(":")[0] for action in rights}
    assert services <= {"aps", "secretsmanager", "kms", "logs", "xray"}


def test_the_query_address_is_an_output(stage: Assembly) -> None:
    outputs = stage.template("Prometheus")["Outputs"]
    base = _joined(outputs["PrometheusUrl"]["Value"])
    assert base.startswith("https://aps-workspaces.us-east-1.")
    assert _joined(outputs["PrometheusQueryUrl"]["Value"]) == f"{base}/api/v1/query"


def test_no_other_stack_waits_for_it(stage: Assembly) -> None:
    assert not [output for output in stage.template("Prometheus")["Outputs"].values() if "Export" in output]


def test_what_it_imports_never_changes_with_a_new_version(stage: Assembly) -> None:
    _, function = only(stage, "AWS::Lambda::Function")
    [layer] = function["Layers"]
    assert layer["Ref"] in stage.resources("Prometheus", "AWS::Lambda::LayerVersion")


def test_a_laptop_has_none(local: Assembly) -> None:
    assert not (local.folder / "SmartQueue-local-Prometheus.template.json").exists()


def _joined(value: Any) -> str:
    """A text with the names of what only the deployment resolves."""
    if isinstance(value, str):
        return value
    if "Fn::Join" in value:
        return str(value["Fn::Join"][0].join(map(_joined, value["Fn::Join"][1])))
    return f"<{value['Fn::GetAtt'][0] if 'Fn::GetAtt' in value else next(iter(value.values()))}>"


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
