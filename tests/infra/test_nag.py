"""What AWS's own advice says of dev and prod: nothing stands without a reason beside the construct."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.cdk.app import add_stacks
from infra.cdk.settings import StageSettings
from infra.cdk.stages import DEV, PROD
from tests.infra.conftest import synthesised

PACKS = {"AwsSolutions", "Serverless"}
OWN_STAGES = ("-dev-", "-prod-")

type Place = tuple[str, str]
"""A construct's path without its stage, and a rule's id."""


@dataclass(frozen=True)
class Judged:
    """A stage after the rule packs looked at it."""

    findings: list[dict[str, Any]]
    excused: list[dict[str, Any]]
    acknowledged: set[Place]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Judged]:
    """Both stages by name."""
    return {settings.name: _judge(tmp_path_factory, settings) for settings in (DEV, PROD)}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_every_finding_is_mended_or_has_a_reason(judged: Mapping[str, Judged], name: str) -> None:
    assert judged[name].findings == []
    assert {finding["ruleName"].partition("-")[0] for finding in judged[name].excused} == PACKS
    assert all(finding["reason"] for finding in judged[name].excused)


def test_every_acknowledgement_has_an_effect(judged: Mapping[str, Judged]) -> None:
    acknowledged = set().union(*(stage.acknowledged for stage in judged.values()))
    used = {
        _place(finding["acknowledgedAt"], finding["acknowledgedId"])
        for stage in judged.values()
        for finding in stage.excused
    }
    assert acknowledged - used == set()


def _judge(folders: pytest.TempPathFactory, settings: StageSettings) -> Judged:
    folder, apps = folders.mktemp(f"judged-{settings.name}"), list[cdk.App]()
    # Synthesis itself fails on a finding, and names the rule and the construct.
    synthesised(folder, settings, partial(_add_judged_stacks, apps), bundle=False)
    reports = json.loads((folder / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    return Judged(
        findings=[finding for report in reports for finding in report["violations"]],
        excused=[finding for report in reports for finding in report["suppressedViolations"]],
        acknowledged=set(_acknowledged(apps[0])),
    )


def _add_judged_stacks(apps: list[cdk.App], app: cdk.App, settings: StageSettings) -> None:
    apps.append(app)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    add_stacks(app, settings)


def _acknowledged(app: cdk.App) -> Iterator[Place]:
    for construct in app.node.find_all():
        for entry in construct.node.metadata:
            if entry.type == cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY:
                # CDK's own checks, which do not run here, have acknowledgements too.
                rules = [rule for rule in entry.data if rule.partition("::")[0] in PACKS]
                yield from (_place(construct.node.path, rule) for rule in rules)


def _place(path: str, rule: str) -> Place:
    for stage in OWN_STAGES:
        path = path.replace(stage, "-")
    return path, rule
