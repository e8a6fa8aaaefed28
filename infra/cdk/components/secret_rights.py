"""The rights to a secret, and to the key that it is encrypted with."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.cdk.data_plane import SharedSecret

READING = ("secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue")
WRITING = (*READING, "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage")


def allow_reading(role: iam.Role, secret: SharedSecret) -> None:
    """Let `role` read one secret."""
    if secret.resource.encryption_key is None:
        secret.resource.grant_read(role)
        return
    # Not CDK's grant: it writes the role into the key's policy, and so makes the data's stack wait for this one.
    for statement in statements(role, [secret], secret_actions=READING, key_actions=["kms:Decrypt"]):
        role.add_to_policy(statement)


def writing_statements(scope: Construct, secrets: Sequence[SharedSecret]) -> list[iam.PolicyStatement]:
    """What it takes to give secrets new versions."""
    return statements(scope, secrets, secret_actions=WRITING, key_actions=["kms:Decrypt", "kms:GenerateDataKey"])


def statements(
    scope: Construct, secrets: Sequence[SharedSecret], *, secret_actions: Sequence[str], key_actions: Sequence[str]
) -> list[iam.PolicyStatement]:
    """Rights to secrets, and to their keys as far as Secrets Manager uses them for the caller."""
    found = [
        iam.PolicyStatement(actions=list(secret_actions), resources=[secret.resource.secret_arn for secret in secrets])
    ]
    keys = {secret.resource.encryption_key.key_arn for secret in secrets if secret.resource.encryption_key}
    if keys:
        service = f"secretsmanager.{cdk.Stack.of(scope).region}.amazonaws.com"
        found.append(
            iam.PolicyStatement(
                actions=list(key_actions),
                resources=sorted(keys),
                conditions={"StringEquals": {"kms:ViaService": service}},
            )
        )
    return found
