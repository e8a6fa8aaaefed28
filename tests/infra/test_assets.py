"""The packages as they go to AWS: complete, for the right machine, and small enough."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from infra.cdk.components.code_assets import PLATFORMS, REPOSITORY, function_source, layer_source
from infra.cdk.components.package import (
    MEGABYTE,
    UNZIPPED_BUDGET,
    ZIP_LIMIT,
    PackageSource,
    Size,
    check_machine,
    measure,
)
from infra.cdk.components.trim import SERVICES
from smartqueue.aws import Service
from tests.fakes.openai_server import FakeOpenAI
from tests.faults.runtime.server import AwsServer
from tests.infra.assembly import Assembly

FUNCTIONS = sorted(folder.name for folder in (REPOSITORY / "functions").iterdir() if (folder / "handler.py").exists())
# What one function alone imports, and no other may even find.
OWN = {"auth": ["argon2"], "classify": ["openai"], "export": ["cramjam", "google.protobuf"]}
HERE = f"{platform.machine()}-manylinux_2_28"
# The interpreter that imports must be the one that the libraries are for.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture(scope="session")
def layer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The layer, for this machine."""
    target = tmp_path_factory.mktemp("layer")
    layer_source(HERE, python=PYTHON).build(target)
    return target


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_handler_can_be_imported_with_nothing_else_on_the_path(
    prod: Assembly, layer: Path, tmp_path: Path, name: str
) -> None:
    function_source(name, HERE, python=PYTHON).build(tmp_path)
    report = _import(layer / "python", tmp_path, name, variables=_variables(prod, name))
    assert report["callable"]
    assert report["missing"] == []
    assert report["foreign"] == []
    assert report["own"] == OWN.get(name, [])
    assert report["psycopg"] in (None, "binary")


@pytest.fixture(scope="session")
def arm_sizes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Size]:
    """The sizes of all packages, built for AWS; building checks hashes and machines."""
    sizes = {}
    for name in ("layer", *FUNCTIONS):
        target = tmp_path_factory.mktemp(f"arm-{name}")
        source = _source(name)
        source.build(target)
        if source.libraries:
            assert check_machine(target, "aarch64") > 0, f"{name} should hold compiled libraries"
        sizes[name] = measure(target)
    return sizes


def test_packages_for_aws_stay_below_lambdas_limits_and_our_own(arm_sizes: dict[str, Size]) -> None:
    layer = arm_sizes["layer"]
    assert layer.zipped <= ZIP_LIMIT
    for name in FUNCTIONS:
        size = arm_sizes[name]
        assert size.zipped <= ZIP_LIMIT, name
        assert size.unzipped + layer.unzipped <= UNZIPPED_BUDGET, name


def test_only_functions_with_libraries_of_their_own_are_big(arm_sizes: dict[str, Size]) -> None:
    big = {name for name, size in arm_sizes.items() if size.unzipped > MEGABYTE}
    assert big - {"layer"} == set(OWN) & set(FUNCTIONS)


def test_what_is_left_of_the_libraries_is_enough_for_every_call(layer: Path, tmp_path: Path) -> None:
    function_source("classify", HERE, python=PYTHON).build(tmp_path)
    with AwsServer() as aws, FakeOpenAI() as model:
        aws.secrets = {"name": {"key": "value"}}
        variables = {
            **dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "test"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": aws.endpoint,
        }
        report = _run("library_calls.py", layer / "python", tmp_path, model.base_url, variables=variables)
    assert report == {"clients": sorted(SERVICES), "secret": {"key": "value"}, "category": "Network", "whole": True}


def test_the_services_that_botocore_describes_are_those_that_functions_call() -> None:
    assert set(get_args(Service)) == SERVICES


def _source(name: str) -> PackageSource:
    arm = PLATFORMS["arm64"]
    return layer_source(arm) if name == "layer" else function_source(name, arm)


def _variables(assembly: Assembly, name: str) -> dict[str, str]:
    # What only the deployment resolves can be an address, a port or an identifier.
    stack = "Prometheus" if name == "export" else "Service"
    (function,) = (
        resource["Properties"]
        for resource in assembly.resources(stack, "AWS::Lambda::Function").values()
        if resource["Properties"].get("FunctionName") == f"smartqueue-prod-{name}"
    )
    given = function["Environment"]["Variables"]
    return {variable: value if isinstance(value, str) else "1" for variable, value in given.items()}


def _import(layer: Path, package: Path, name: str, *, variables: dict[str, str]) -> dict[str, Any]:
    more = {"AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": name}
    return _run("lambda_process.py", layer, package, name, variables={**variables, **more})


def _run(script: str, *arguments: Path | str, variables: dict[str, str]) -> dict[str, Any]:
    """Run a script that sees no library but what it is given."""
    answer = subprocess.run(
        [sys.executable, "-I", "-S", str(Path(__file__).with_name(script)), *map(str, arguments)],
        env={**variables, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert answer.returncode == 0, answer.stderr
    report: dict[str, Any] = json.loads(answer.stdout.splitlines()[-1])
    return report
