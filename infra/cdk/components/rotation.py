"""Makes secrets anew every so often, through the function `rotate`."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.cdk.components.job_function import JobFunction
from infra.cdk.components.secret_rights import writing_statements
from infra.cdk.data_plane import SharedSecret


class Rotation(Construct):
    """A schedule for each of `secrets`, every `days` days; the first rotation comes after as many."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        function: JobFunction,
        secrets: Sequence[SharedSecret],
        days: int,
    ) -> None:
        super().__init__(scope, construct_id)
        rights = iam.Policy(
            self,
            "Rights",
            statements=writing_statements(self, secrets),
            roles=[function.role],
        )
        permission = lambda_.CfnPermission(
            self,
            "Permission",
            action="lambda:InvokeFunction",
            function_name=function.target.function_arn,
            principal="secretsmanager.amazonaws.com",
            source_account=cdk.Stack.of(self).account,
        )
        for secret in secrets:
            schedule = secretsmanager.CfnRotationSchedule(
                self,
                "".join(word.capitalize() for word in secret.name.split("/", 2)[2].replace("/", "-").split("-")),
                secret_id=secret.resource.secret_arn,
                rotation_lambda_arn=function.target.function_arn,
                rotation_rules=secretsmanager.CfnRotationSchedule.RotationRulesProperty(automatically_after_days=days),
                # A deployment is no moment for it: the roles may not exist yet.
                rotate_immediately_on_update=False,
            )
            # Secrets Manager tries the function when the schedule is made.
            schedule.node.add_dependency(permission)
            schedule.node.add_dependency(rights)
