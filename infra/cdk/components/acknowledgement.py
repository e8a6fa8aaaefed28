"""Findings of cdk-nag that are meant to stay, each with its reason beside the construct that it is about."""

import aws_cdk as cdk
from constructs import IConstruct

SHORTEST_REASON_WORDS = 5


class UnexplainedAcknowledgementError(ValueError):
    """A finding was waved through without a sentence that says why."""


def acknowledge(construct: IConstruct, rule_id: str, reason: str) -> None:
    """Let a finding of cdk-nag on a construct, or on anything inside it, stand.

    Nothing happens unless the rule packs run, as they do in the tests.
    Args: `rule_id` as the pack prints it, details included: `AwsSolutions-SQS3`, `AwsSolutions-IAM5[Resource::*]`,
    `Serverless-LambdaDLQ`; `reason` is a sentence.
    Raises: UnexplainedAcknowledgementError.
    """
    if len(reason.split()) < SHORTEST_REASON_WORDS or not reason.endswith(".") or not reason[0].isupper():
        raise UnexplainedAcknowledgementError(f'{rule_id} needs a sentence that says why it may stand, not "{reason}"')
    pack = rule_id.partition("-")[0]
    # Without the pack before it, the acknowledgement is honoured but missing from the validation report.
    qualified = rule_id if "::" in pack else f"{pack}::{rule_id}"
    cdk.Validations.of(construct).acknowledge(cdk.Acknowledgment(id=qualified, reason=reason))
