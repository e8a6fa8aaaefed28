"""Where the audit trail is sealed: a bucket whose objects can be added and read, and neither changed nor deleted."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.data_plane import SealBucket
from infra.cdk.settings import SealSettings, StageSettings

SEALS_FOLDER = "heads"
"""Where the function `seal` writes."""
LISTING_SEALS = ("s3:ListBucketVersions",)
# Of versions, since whoever may write could put another one before a seal.
USING_SEALS = ("s3:GetObjectVersion", "s3:PutObject")


def seal_bucket(scope: Construct, stage: StageSettings) -> SealBucket:
    """What it is called; all accounts of the world share one set of names."""
    stack = cdk.Stack.of(scope)
    name = f"smartqueue-{stage.name}-seals-{stack.account}-{stack.region}"
    return SealBucket(name=name, arn=f"arn:{stack.partition}:s3:::{name}")


def new_seal_bucket(scope: Construct, construct_id: str, *, stage: StageSettings) -> SealBucket:
    """Make the bucket, with Object Lock for as long as the stage says.

    S3's own keys encrypt it: what it holds is no secret, and must be readable when our key is gone.
    """
    called = seal_bucket(scope, stage)
    bucket = s3.Bucket(
        scope,
        construct_id,
        bucket_name=called.name,
        versioned=True,
        object_lock_enabled=True,
        object_lock_default_retention=_retention(stage.seal),
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        removal_policy=stage.removal_policy,
    )
    acknowledge(
        bucket,
        "AwsSolutions-S1",
        "One function adds one object a day that nobody can change, and its own log tells of each.",
    )
    return called


def acknowledge_new_seals(role: iam.IRole, stage: StageSettings) -> None:
    """Let a role that writes seals have a right to names that do not exist yet."""
    bucket = f"smartqueue-{stage.name}-seals-{stage.account or '<AWS::AccountId>'}-{stage.region}"
    acknowledge(
        role,
        f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{bucket}/{SEALS_FOLDER}/*]",
        "A seal is named after the moment it was made at, and nobody knows that beforehand.",
    )


def _retention(settings: SealSettings) -> s3.ObjectLockRetention:
    duration = cdk.Duration.days(settings.retention_days)
    if settings.mode == "GOVERNANCE":
        return s3.ObjectLockRetention.governance(duration)
    return s3.ObjectLockRetention.compliance(duration)
