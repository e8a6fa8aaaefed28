"""Choosing a stage."""

import os
import subprocess
import sys
from collections.abc import Mapping

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.settings import Settings, StageSettings
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


@pytest.mark.parametrize("stage", ["local", "dev", "prod"])
def test_every_setting_can_be_given_by_its_name(stage: str) -> None:
    settings = chosen_stage({"stage": stage})
    unchanged = {path: _value_at(settings, path) for path in StageSettings.paths()}
    given = {path: value for path, value in unchanged.items() if value is not None and path != "name"}
    assert chosen_stage({"stage": stage, **given}) == settings


def test_every_setting_says_what_it_means() -> None:
    kinds: list[type[Settings]] = Settings.__subclasses__()
    assert StageSettings in kinds
    silent = [
        f"{kind.__name__}.{name}"
        for kind in kinds
        for name, field in kind.model_fields.items()
        if not field.description and not isinstance(field.default, Settings)
    ]
    assert silent == []


def test_a_group_can_be_taken_away_and_a_list_is_split_at_its_commas() -> None:
    stage = chosen_stage({"stage": "prod", "api.firewall": "none", "api.cors-origins": "https://a, https://b"})
    assert (stage.api.firewall, stage.api.cors_origins) == (None, ("https://a", "https://b"))


def test_settings_that_need_one_another_are_refused_alone() -> None:
    with pytest.raises(UnknownStageError, match="domain-name needs certificate-arn"):
        chosen_stage({"stage": "prod", "api.domain-name": "jobs.example.com"})


@pytest.mark.parametrize(
    ("choices", "sentence"),
    [
        ({"retention.jobs-days": "0"}, "audit-days is 0, or no less than jobs-days"),
        ({"retention.jobs-days": "401"}, "audit-days is 0, or no less than jobs-days"),
        ({"retention.jobs-days": "6", "retention.audit-days": "6"}, "audit-days is 0, or 7 at least"),
        ({"retention.jobs-days": "7"}, "retention.jobs-days is more than kafka.events-retention-days"),
        ({"retention.audit-days": "401"}, "seal.retention-days is 30 more than retention.audit-days"),
        ({"seal.retention-days": "429"}, "seal.retention-days is 30 more than retention.audit-days"),
    ],
)
def test_what_is_kept_fits_together_or_is_refused(choices: Mapping[str, str], sentence: str) -> None:
    with pytest.raises(UnknownStageError, match=sentence):
        chosen_stage({"stage": "prod", **choices})


@pytest.mark.parametrize(
    "choices",
    [
        {"retention.jobs-days": "0", "retention.audit-days": "0", "seal.retention-days": "1"},
        {"retention.jobs-days": "8", "retention.audit-days": "8", "seal.retention-days": "38"},
        {"retention.audit-days": "1000", "seal.retention-days": "1030"},
    ],
)
def test_what_is_kept_can_be_chosen(choices: Mapping[str, str]) -> None:
    assert chosen_stage({"stage": "prod", **choices}).retention.audit_days == int(choices["retention.audit-days"])


def _value_at(settings: StageSettings, path: str) -> object:
    value: object = settings
    for part in path.replace("-", "_").split("."):
        value = value.get(part) if isinstance(value, Mapping) else getattr(value, part, None)
    return None if isinstance(value, Settings) else value
