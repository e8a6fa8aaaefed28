"""The PostgreSQL server of a stage, on RDS."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from infra.cdk.components.log_group import new_log_group
from infra.cdk.data_plane import Endpoint, SharedSecret
from infra.cdk.settings import DatabaseSettings, StageSettings

DATABASE_NAME = "smartqueue"
LOGS = ("postgresql", "upgrade")


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
        owner_name: str,
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
            vpc=vpc,
            vpc_subnets=subnets,
            security_groups=[group],
            publicly_accessible=False,
            # Not `from_secret`, which writes the server's address into the secret.
            credentials=rds.Credentials.from_password(owner_name, owner.resource.secret_value_from_json("password")),
            iam_authentication=True,
            ca_certificate=rds.CaCertificate.RDS_CA_RSA2048_G1,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=key,
            allocated_storage=settings.storage_gigabytes,
            max_allocated_storage=settings.storage_limit_gigabytes,
            backup_retention=cdk.Duration.days(settings.backup_days),
            removal_policy=cdk.RemovalPolicy.SNAPSHOT if stage.keeps_data else cdk.RemovalPolicy.DESTROY,
            deletion_protection=stage.keeps_data,
            cloudwatch_logs_exports=list(LOGS),
        )
        self.instance.node.add_dependency(*log_groups)
        self.server = Endpoint(
            host=self.instance.db_instance_endpoint_address, port=self.instance.db_instance_endpoint_port
        )
        self.endpoint = self.server
