"""Every function is described the same way, and is told exactly what it asks for."""

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.stages import PROD
from smartqueue.settings import EnvironmentModel
from tests.infra.assembly import FOR_TESTS_ALONE, Assembly

# The exporter belongs to the stack of Prometheus: tests/infra/test_prometheus.py.
FUNCTIONS = sorted(
    folder.name
    for folder in (REPOSITORY / "functions").iterdir()
    if (folder / "handler.py").exists() and folder.name != "export"
)
TIMEOUTS = {"authorizer": 5, "process": 60, "classify": 60, "relay": 60, "migrate": 120, "rotate": 60, "seal": 300}


def test_every_folder_with_a_handler_is_deployed(local: Assembly) -> None:
    assert sorted(local.functions) == FUNCTIONS


def test_every_function_has_a_role_of_its_own(local: Assembly) -> None:
    assert len({local.role(name) for name in FUNCTIONS}) == len(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_traced_and_bounded(local: Assembly, name: str) -> None:
    properties = local.functions[name]["Properties"]
    assert properties["TracingConfig"] == {"Mode": "Active"}
    assert properties["Timeout"] == TIMEOUTS.get(name, 15)
    assert properties["MemorySize"] == 512
    assert properties["Description"]
    assert properties["Runtime"] == "python3.13"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_writes_to_its_own_log_which_expires(local: Assembly, name: str) -> None:
    reference = local.functions[name]["Properties"]["LoggingConfig"]["LogGroup"]["Ref"]
    log = local.resources("Service", "AWS::Logs::LogGroup")[reference]["Properties"]
    assert log == {
        "LogGroupName": f"/aws/lambda/smartqueue-local-{name}",
        "RetentionInDays": 7,
        "Tags": log["Tags"],
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_told_exactly_what_its_settings_read(local: Assembly, name: str) -> None:
    settings: type[EnvironmentModel] = importlib.import_module(f"functions.{name}.settings").Settings
    given = {variable for variable in local.environment(name) if not variable.startswith("POWERTOOLS_")}
    assert given == settings.variables() - FOR_TESTS_ALONE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_settings_accept_what_it_is_told(local: Assembly, name: str) -> None:
    settings: type[EnvironmentModel] = importlib.import_module(f"functions.{name}.settings").Settings
    # A reference to a parameter of the data stack can only be a port, an address, or how to log in to Kafka.
    given = {variable: value if isinstance(value, str) else "1" for variable, value in local.environment(name).items()}
    given |= {"KAFKA_SECURITY": "PLAINTEXT"} if "KAFKA_SECURITY" in given else {}
    assert settings.from_environment(given)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_package_holds_the_function_under_its_import_path_with_bytecode(local: Assembly, name: str) -> None:
    properties = local.functions[name]["Properties"]
    assert properties["Handler"] == f"functions.{name}.handler.lambda_handler"
    package = _package(local, properties["Code"])
    assert (package / "functions" / name / "handler.py").is_file()
    assert list((package / "functions" / name / "__pycache__").glob("handler.*.pyc"))
    assert [folder.name for folder in (package / "functions").iterdir()] == [name]


def test_every_function_mounts_the_shared_package(local: Assembly) -> None:
    ((layer_id, layer),) = local.resources("Service", "AWS::Lambda::LayerVersion").items()
    assert (_package(local, layer["Properties"]["Content"]) / "python" / "smartqueue" / "__init__.py").is_file()
    assert all(f["Properties"]["Layers"] == [{"Ref": layer_id}] for f in local.functions.values())


def test_only_one_relay_runs_at_a_time(local: Assembly) -> None:
    limits = {name: f["Properties"].get("ReservedConcurrentExecutions") for name, f in local.functions.items()}
    assert {name: limit for name, limit in limits.items() if limit is not None} == {"relay": 1}


def test_only_functions_that_call_strangers_can_reach_the_internet(prod: Assembly) -> None:
    groups = {
        name: json.dumps(function["Properties"].get("VpcConfig", {}).get("SecurityGroupIds"))
        for name, function in prod.functions.items()
    }
    assert {name for name, group in groups.items() if group == "null"} == {"authorizer", "docs"}
    assert {name for name, group in groups.items() if "Open" in group} == {"process", "classify"}
    assert all("Closed" in groups[name] for name in set(FUNCTIONS) - {"authorizer", "docs", "process", "classify"})


def test_a_stage_says_how_large_a_function_is(prod: Assembly) -> None:
    for name, function in prod.functions.items():
        wanted = PROD.function(name)
        assert function["Properties"]["MemorySize"] == wanted.memory_megabytes
        assert function["Properties"].get("ReservedConcurrentExecutions") == wanted.reserved_concurrency
        assert function["Properties"].get("SnapStart") == (
            {"ApplyOn": "PublishedVersions"} if wanted.snap_start else None
        )


@pytest.mark.parametrize("stage", ["local", "prod"])
def test_no_function_is_called_again_behind_its_callers_back(stage: str, request: pytest.FixtureRequest) -> None:
    calls = request.getfixturevalue(stage).resources("Service", "AWS::Lambda::EventInvokeConfig").values()
    assert len(calls) == len(FUNCTIONS)
    assert {call["Properties"]["MaximumRetryAttempts"] for call in calls} == {0}


def _package(assembly: Assembly, code: dict[str, Any]) -> Path:
    return assembly.folder / f"asset.{code['S3Key'].removesuffix('.zip')}"
