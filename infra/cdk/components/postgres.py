"""The PostgreSQL server of a stage, on RDS."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.log_group import new_log_group
from infra.cdk.components.postgres_parameters import server_parameters
from infra.cdk.data_plane import Endpoint, SharedSecret
from infra.cdk.settings import DatabaseSettings, StageSettings

DATABASE_NAME = "smartqueue"
OWNER_NAME = "smartqueue_owner"
LOGS = ("postgresql", "upgrade")
METRICS_LOG_GROUP = "RDSOSMetrics"


class PostgresDatabase(Construct):
    """An encrypted instance that takes connections over TLS alone; `server` says where it listens."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        settings: DatabaseSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        group: ec2.ISecurityGroup,
        key: kms.IKey,
        owner: SharedSecret,
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"smartqueue-{stage.name}"
        major = settings.engine_version.partition(".")[0]
        engine = rds.DatabaseInstanceEngine.postgres(
            version=rds.PostgresEngineVersion.of(settings.engine_version, major)
        )
        # RDS would make them itself, to be kept for ever.
        log_groups = [
            new_log_group(self, f"{log.capitalize()}Log", name=f"/aws/rds/instance/{name}/{log}", stage=stage)
            for log in LOGS
        ]
        self.instance = rds.DatabaseInstance(
            self,
            "Instance",
            instance_identifier=name,
            database_name=DATABASE_NAME,
            engine=engine,
            instance_type=ec2.InstanceType(settings.instance_class),
            multi_az=settings.multi_az,
            parameter_group=rds.ParameterGroup(
                self,
                "Parameters",
                engine=engine,
                description="How the task queue uses PostgreSQL.",
                parameters=server_parameters(settings),
                removal_policy=stage.removal_policy,
            ),
            subnet_group=rds.SubnetGroup(
                self,
                "Subnets",
                description="Where the task queue's database runs.",
                vpc=vpc,
                vpc_subnets=subnets,
                removal_policy=stage.removal_policy,
            ),
            vpc=vpc,
            security_groups=[group],
            publicly_accessible=False,
            # Not `from_secret`, which writes the server's address into the secret.
            credentials=rds.Credentials.from_password(OWNER_NAME, owner.resource.secret_value_from_json("password")),
            # For people; functions have passwords, which cost no call before the first query.
            iam_authentication=True,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=key,
            allocated_storage=settings.storage_gigabytes,
            max_allocated_storage=settings.storage_limit_gigabytes,
            backup_retention=cdk.Duration.days(settings.backup_days),
            # UTC; one after the other, at night in Europe and America.
            preferred_backup_window="05:00-06:00",
            preferred_maintenance_window="sun:06:30-sun:07:30",
            copy_tags_to_snapshot=True,
            delete_automated_backups=not stage.keeps_data,
            auto_minor_version_upgrade=True,
            allow_major_version_upgrade=False,
            database_insights_mode=rds.DatabaseInsightsMode.STANDARD,
            enable_performance_insights=True,
            performance_insight_encryption_key=key,
            performance_insight_retention=rds.PerformanceInsightRetention.DEFAULT,
            cloudwatch_logs_exports=list(LOGS),
            removal_policy=stage.removal_policy,
            deletion_protection=stage.keeps_data,
            # Its log group is made by RDS and stays, so not where a stage should leave nothing behind.
            monitoring_interval=cdk.Duration.seconds(60) if stage.keeps_data else None,
            monitoring_role=self._monitoring_role(stage) if stage.keeps_data else None,
        )
        self.instance.node.add_dependency(*log_groups)
        self._acknowledge_findings(stage, settings)
        self.server = Endpoint(
            host=self.instance.db_instance_endpoint_address, port=self.instance.db_instance_endpoint_port
        )

    def _acknowledge_findings(self, stage: StageSettings, settings: DatabaseSettings) -> None:
        acknowledge(
            self.instance,
            "AwsSolutions-RDS11",
            "Security groups say who reaches the port, and another number would hide it from nobody inside.",
        )
        if not settings.multi_az:
            acknowledge(
                self.instance,
                "AwsSolutions-RDS3",
                "The stage asks for one server: it is cheap, and away for minutes when its zone is.",
            )
        if not stage.keeps_data:
            acknowledge(
                self.instance,
                "AwsSolutions-RDS10",
                "The stage goes away without a trace, its database included.",
            )

    def _monitoring_role(self, stage: StageSettings) -> iam.IRole:
        """For the operating system's metrics; AWS's managed policy could write to more than their log group."""
        stack = cdk.Stack.of(self)
        role = iam.Role(
            self,
            "MonitoringRole",
            description=f"Writes metrics of the task queue's database server, stage {stage.name}.",
            assumed_by=iam.ServicePrincipal(
                "monitoring.rds.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
            ),
        )
        group = stack.format_arn(
            service="logs",
            resource="log-group",
            resource_name=METRICS_LOG_GROUP,
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["logs:CreateLogGroup", "logs:PutRetentionPolicy"], resources=[group])
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams", "logs:GetLogEvents"],
                resources=[f"{group}:log-stream:*"],
            )
        )
        acknowledge(
            role,
            f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:logs:{stack.region}:<AWS::AccountId>:log-group:"
            f"{METRICS_LOG_GROUP}:log-stream:*]",
            "RDS names the log streams after the server's resource id, which nobody knows beforehand.",
        )
        return role
