"""Synthesises the app once for all tests: every stage, and one with a name and a web page of its own."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "1")

from aws_cdk import App

from infra.cdk.app import add_stacks, new_app
from infra.cdk.settings import StageSettings
from infra.cdk.stages import DEV, LOCAL, PROD
from tests.infra.assembly import Assembly


def synthesised(
    folder: Path, stage: StageSettings, describe: Callable[[App, StageSettings], None], *, bundle: bool
) -> Assembly:
    """The assembly of what `describe` adds to an app; without `bundle` the packages are not built."""
    context: dict[str, object] = {} if bundle else {"aws:cdk:bundling-stacks": []}
    app = new_app(outdir=str(folder), context=context, validate=False)
    describe(app, stage)
    app.synth()
    return Assembly(folder, stage.name)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `local`, packages and all."""
    return synthesised(tmp_path_factory.mktemp("local"), LOCAL, add_stacks, bundle=True)


@pytest.fixture(scope="session")
def local_again(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `local`, synthesised a second time."""
    return synthesised(tmp_path_factory.mktemp("again"), LOCAL, add_stacks, bundle=True)


@pytest.fixture(scope="session")
def named(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A service under a name of its own that a web page calls."""
    stage = LOCAL.with_values(
        {
            "api.domain-name": "jobs.example.com",
            "api.hosted-zone-id": "Z1",
            "api.hosted-zone-name": "example.com",
            "api.cors-origins": "https://console.example.com",
        }
    )
    return synthesised(tmp_path_factory.mktemp("named"), stage, add_stacks, bundle=False)


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `dev`; packages are not built."""
    return synthesised(tmp_path_factory.mktemp("dev"), DEV, add_stacks, bundle=False)


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stage `prod`; packages are not built."""
    return synthesised(tmp_path_factory.mktemp("prod"), PROD, add_stacks, bundle=False)


@pytest.fixture(params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """Each stage of AWS in turn."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly
