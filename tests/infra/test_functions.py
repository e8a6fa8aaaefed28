"""Every function is described the same way, and is told exactly what it asks for."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from smartqueue.settings import EnvironmentModel
from tests.infra.assembly import Assembly

FUNCTIONS = sorted(folder.name for folder in (REPOSITORY / "functions").iterdir() if (folder / "handler.py").exists())
TIMEOUTS = {"authorizer": 5, "process": 60, "classify": 60, "relay": 60, "migrate": 120}


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
    assert given == settings.variables()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_functions_settings_accept_what_it_is_told(local: Assembly, name: str) -> None:
    settings: type[EnvironmentModel] = importlib.import_module(f"functions.{name}.settings").Settings
    # A reference to a parameter of the data stack can only be a port or an address.
    given = {variable: value if isinstance(value, str) else "1" for variable, value in local.environment(name).items()}
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


def test_functions_join_the_network_of_their_data(cloud: Assembly) -> None:
    groups = {
        name: function["Properties"].get("VpcConfig", {}).get("SecurityGroupIds")
        for name, function in cloud.functions.items()
    }
    assert {name for name, group in groups.items() if group is None} == {"authorizer", "docs"}
    assert {name for name, group in groups.items() if group == ["sg-2"]} == {"process", "classify"}
    assert all(group in (None, ["sg-1"], ["sg-2"]) for group in groups.values())


def _package(assembly: Assembly, code: dict[str, Any]) -> Path:
    return assembly.folder / f"asset.{code['S3Key'].removesuffix('.zip')}"
