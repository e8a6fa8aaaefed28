"""Choosing a stage."""

import os
import subprocess
import sys

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.stages import LOCAL, UnknownStageError, chosen_stage


def test_the_local_stage_is_known() -> None:
    assert chosen_stage(name="local", bundle=None, architecture=None) == LOCAL


@pytest.mark.parametrize("name", ["prod", "Local", None])
def test_an_unknown_stage_is_refused_and_the_known_ones_are_listed(name: str | None) -> None:
    with pytest.raises(UnknownStageError, match=r"known stages: local\.$"):
        chosen_stage(name=name, bundle=None, architecture=None)


def test_libraries_and_architecture_can_be_asked_for() -> None:
    stage = chosen_stage(name="local", bundle="true", architecture="x86_64")
    assert (stage.bundle_libraries, stage.architecture) == (True, "x86_64")


@pytest.mark.parametrize(("bundle", "architecture"), [("yes", None), (None, "sparc")])
def test_a_value_that_makes_no_sense_is_refused(bundle: str | None, architecture: str | None) -> None:
    with pytest.raises(UnknownStageError, match="makes no sense"):
        chosen_stage(name="local", bundle=bundle, architecture=architecture)


def test_the_command_line_gets_one_clear_sentence() -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "infra.cdk.app"],
        cwd=REPOSITORY,
        env={**os.environ, "CDK_CONTEXT_JSON": '{"stage": "moon"}'},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1] == 'There is no stage "moon"; known stages: local.'
