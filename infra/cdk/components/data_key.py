"""The key that a stage's data is encrypted with."""

import aws_cdk as cdk
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.cdk.settings import StageSettings


def new_data_key(scope: Construct, construct_id: str, *, stage: StageSettings) -> kms.Key:
    """One key for database, cache, brokers and secrets: they hold the same jobs, and who may see one may see all.

    A key of our own, rather than those that AWS keeps for each service: its policy, its use in CloudTrail and its end
    are ours. Its policy leaves the decision to IAM.
    """
    return kms.Key(
        scope,
        construct_id,
        alias=f"smartqueue-{stage.name}-data",
        description=f"Encrypts the task queue's data, stage {stage.name}.",
        enable_key_rotation=True,
        # A deleted key can be called back until then.
        pending_window=cdk.Duration.days(30 if stage.keeps_data else 7),
        removal_policy=stage.removal_policy,
    )
