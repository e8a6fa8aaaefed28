"""Findings may stand, with a reason."""

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_sqs as sqs
from cdk_nag import AwsSolutionsChecks

from infra.cdk.components.acknowledgement import UnexplainedAcknowledgementError, acknowledge

REASON = "A queue of last resort needs none of its own."


@pytest.mark.parametrize("reason", ["", "Not needed.", "a queue of last resort needs none of its own.", REASON[:-1]])
def test_a_reason_is_a_sentence(reason: str) -> None:
    with pytest.raises(UnexplainedAcknowledgementError, match="AwsSolutions-SQS3"):
        acknowledge(cdk.Stack(cdk.App(), "Stack"), "AwsSolutions-SQS3", reason)


@pytest.mark.parametrize("rule_id", ["AwsSolutions-SQS3", "AwsSolutions::AwsSolutions-SQS3"])
def test_an_acknowledged_finding_stands_on_its_construct_alone(tmp_path: Path, rule_id: str) -> None:
    app = cdk.App(outdir=str(tmp_path), builtin_cloud_formation_validation=False)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    stack = cdk.Stack(app, "Stack")
    sqs.Queue(stack, "Judged", enforce_ssl=True)
    acknowledge(sqs.Queue(stack, "Excused", enforce_ssl=True), rule_id, REASON)
    with pytest.raises(RuntimeError, match="AwsSolutions-SQS3"):
        app.synth()
    (report,) = json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
    (finding,), (excused,) = report["violations"], report["suppressedViolations"]
    assert [construct["constructPath"] for construct in finding["violatingConstructs"]] == ["Stack/Judged/Resource"]
    assert (excused["acknowledgedAt"], excused["reason"]) == ("Stack/Excused", REASON)
