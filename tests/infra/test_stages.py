"""Choosing a stage."""

import os
import subprocess
import sys

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.stages import LOCAL, UnknownStageError, chosen_stage


def test_the_local_stage_is_known() -> None:
    assert chosen_stage({"stage": "local"}) == LOCAL


@pytest.mark.parametrize("name", ["moon", "Local", None])
def test_an_unknown_stage_is_refused_and_the_known_ones_are_listed(name: str | None) -> None:
    with pytest.raises(UnknownStageError, match=r"known stages: dev, local, prod\.$"):
        chosen_stage({"stage": name})


def test_libraries_architecture_and_triggers_can_be_asked_for() -> None:
    stage = chosen_stage({"stage": "local", "bundle-libraries": "true", "architecture": "x86_64", "triggers": "none"})
    assert (stage.bundle_libraries, stage.architecture, stage.triggers) == (True, "x86_64", None)


@pytest.mark.parametrize(
    ("choice", "value"), [("bundle-libraries", "maybe"), ("architecture", "sparc"), ("triggers.batch-size", "0")]
)
def test_a_value_that_makes_no_sense_is_refused(choice: str, value: str) -> None:
    with pytest.raises(UnknownStageError, match="makes no sense"):
        chosen_stage({"stage": "local", choice: value})


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
    assert answer.stderr.splitlines()[-1] == 'There is no stage "moon"; known stages: dev, local, prod.'
