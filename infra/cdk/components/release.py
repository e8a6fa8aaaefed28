"""How new code of one function takes over: a version behind the alias `live`, shifted by CodeDeploy."""

import aws_cdk as cdk
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.error_alarm import new_error_alarm
from infra.cdk.settings import DeploymentSettings, StageSettings

ALIAS = "live"


class Rollout(Construct):
    """What all functions of a stage share: the CodeDeploy application, its role, and the pace."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, pace: DeploymentSettings) -> None:
        super().__init__(scope, construct_id)
        full_name = f"smartqueue-{stage.name}"
        self.application = codedeploy.LambdaApplication(self, "Application", application_name=full_name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"),
            description=f"Shifts traffic between versions of the functions of {full_name}.",
        )
        acknowledge(
            self.role,
            "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]",
            "CDK attaches CodeDeploy's own policy for Lambda to every deployment group, and AWS keeps it narrow.",
        )
        self.config: codedeploy.ILambdaDeploymentConfig = codedeploy.LambdaDeploymentConfig.ALL_AT_ONCE
        if pace.canary_minutes:
            self.config = codedeploy.LambdaDeploymentConfig(
                self,
                "Canary",
                deployment_config_name=f"{full_name}-canary",
                traffic_routing=codedeploy.TrafficRouting.time_based_canary(
                    interval=cdk.Duration.minutes(pace.canary_minutes), percentage=pace.canary_percent
                ),
            )


class Release(Construct):
    """The alias of one function, the alarm on its errors, and the deployment group that heeds the alarm."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        function: lambda_.Function,
        name: str,
        rollout: Rollout,
    ) -> None:
        super().__init__(scope, construct_id)
        full_name = f"smartqueue-{stage.name}-{name}"
        self.alias = lambda_.Alias(
            self,
            "Alias",
            alias_name=ALIAS,
            version=function.current_version,
            description="What callers reach; a deployment moves it.",
        )
        self.alarm = new_error_alarm(self, "Errors", stage=stage, function=name, alias=ALIAS)
        codedeploy.LambdaDeploymentGroup(
            self,
            "Deployment",
            application=rollout.application,
            deployment_group_name=full_name,
            role=rollout.role,
            alias=self.alias,
            deployment_config=rollout.config,
            alarms=[self.alarm],
            auto_rollback=codedeploy.AutoRollbackConfig(
                failed_deployment=True, stopped_deployment=True, deployment_in_alarm=True
            ),
        )
