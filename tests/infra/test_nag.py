"""What AWS's own advice says of dev and prod: nothing stands without a reason beside the construct."""

import json
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from infra.cdk.app import add_stacks
from infra.cdk.settings import StageSettings
from infra.cdk.stages import DEV, PROD
from tests.infra.conftest import synthesised

PACKS = {"AwsSolutions", "Serverless"}


@pytest.mark.parametrize("settings", [DEV, PROD], ids=lambda settings: settings.name)
def test_every_finding_is_mended_or_has_a_reason(tmp_path: Path, settings: StageSettings) -> None:
    # Synthesis itself fails on a finding, and names the rule and the construct.
    synthesised(tmp_path, settings, _add_judged_stacks, bundle=False)
    reports = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))["pluginReports"]
    assert [finding for report in reports for finding in report["violations"]] == []
    excused: list[dict[str, Any]] = [finding for report in reports for finding in report["suppressedViolations"]]
    assert {finding["ruleName"].partition("-")[0] for finding in excused} == PACKS
    assert all(finding["reason"] for finding in excused)


def _add_judged_stacks(app: cdk.App, settings: StageSettings) -> None:
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    add_stacks(app, settings)
