"""The Kafka cluster of a stage, on MSK."""

from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from constructs import Construct

from infra.cdk.components.bootstrap_brokers import BootstrapBrokers
from infra.cdk.components.kafka_topics import IN_SYNC_REPLICAS, REPLICAS, KafkaTopics
from infra.cdk.components.log_group import new_log_group
from infra.cdk.data_plane import Kafka, KafkaSecurity
from infra.cdk.settings import KafkaSettings, StageSettings

BROKERS = 3
SERVER_PROPERTIES = {
    # A topic that nobody described is a mistake in a name.
    "auto.create.topics.enable": "false",
    "default.replication.factor": str(REPLICAS),
    "min.insync.replicas": str(IN_SYNC_REPLICAS),
    # Rather no leader than one that lacks acknowledged records.
    "unclean.leader.election.enable": "false",
    # What the functions' producer sends at most, and the overhead of a batch.
    "message.max.bytes": "1048588",
}
FULL_ENOUGH_PERCENT = 60
"""A disk grows above this; it then takes six hours until it can grow again."""


class KafkaCluster(Construct):
    """Three brokers that take IAM over TLS alone, and their topics; `kafka` says where they are."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        settings: KafkaSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        group: ec2.ISecurityGroup,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stage = stage
        self._settings = settings
        self._name = f"smartqueue-{stage.name}"
        configuration = msk.CfnConfiguration(
            self,
            "Configuration",
            name=self._name,
            description="How the task queue uses Kafka.",
            server_properties="\n".join(f"{name}={value}" for name, value in SERVER_PROPERTIES.items()),
        )
        configuration.apply_removal_policy(stage.removal_policy)
        self.cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name=self._name,
            kafka_version=settings.version,
            number_of_broker_nodes=BROKERS,
            broker_node_group_info=msk.CfnCluster.BrokerNodeGroupInfoProperty(
                client_subnets=vpc.select_subnets(subnet_group_name=subnets.subnet_group_name).subnet_ids,
                instance_type=settings.instance_type,
                security_groups=[group.security_group_id],
                storage_info=msk.CfnCluster.StorageInfoProperty(
                    ebs_storage_info=msk.CfnCluster.EBSStorageInfoProperty(volume_size=settings.volume_gigabytes)
                ),
            ),
            configuration_info=msk.CfnCluster.ConfigurationInfoProperty(
                arn=configuration.attr_arn, revision=configuration.attr_latest_revision_revision
            ),
            client_authentication=_iam_alone(),
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn),
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True),
            ),
            # The level that costs nothing; it has the lag of every consumer group, the disks and the partitions.
            enhanced_monitoring="DEFAULT",
            open_monitoring=_exporters(),
            logging_info=self._logs(),
        )
        self.cluster.apply_removal_policy(stage.removal_policy)
        self._let_disks_grow()
        topics = KafkaTopics(
            self, "Topics", settings=settings, cluster=self.cluster, removal_policy=stage.removal_policy
        )
        bootstrap = BootstrapBrokers(self, "Bootstrap", cluster=self.cluster, stage=stage)
        # Whoever knows the brokers may write at once.
        bootstrap.node.add_dependency(topics)
        self.kafka = Kafka(
            cluster_arn=self.cluster.attr_arn,
            bootstrap_servers=bootstrap.addresses,
            security=KafkaSecurity.IAM,
        )

    def _logs(self) -> msk.CfnCluster.LoggingInfoProperty:
        # The prefix spares the account's one policy for deliveries of logs another entry.
        log_group = new_log_group(self, "Logs", name=f"/aws/vendedlogs/{self._name}/kafka", stage=self._stage)
        return msk.CfnCluster.LoggingInfoProperty(
            broker_logs=msk.CfnCluster.BrokerLogsProperty(
                cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(enabled=True, log_group=log_group.log_group_name)
            )
        )

    def _let_disks_grow(self) -> None:
        """A broker with a full disk stops; retention bounds what topics hold, not how fast it comes."""
        target = scaling.CfnScalableTarget(
            self,
            "Disks",
            service_namespace="kafka",
            resource_id=self.cluster.attr_arn,
            scalable_dimension="kafka:broker-storage:VolumeSize",
            min_capacity=1,
            max_capacity=max(self._settings.volume_limit_gigabytes, self._settings.volume_gigabytes),
        )
        scaling.CfnScalingPolicy(
            self,
            "DiskGrowth",
            policy_name=f"{self._name}-disks",
            policy_type="TargetTrackingScaling",
            scaling_target_id=target.ref,
            target_tracking_scaling_policy_configuration=scaling.CfnScalingPolicy.TargetTrackingScalingPolicyConfigurationProperty(
                target_value=FULL_ENOUGH_PERCENT,
                disable_scale_in=True,
                predefined_metric_specification=scaling.CfnScalingPolicy.PredefinedMetricSpecificationProperty(
                    predefined_metric_type="KafkaBrokerStorageUtilization"
                ),
            ),
        )


def _iam_alone() -> msk.CfnCluster.ClientAuthenticationProperty:
    return msk.CfnCluster.ClientAuthenticationProperty(
        sasl=msk.CfnCluster.SaslProperty(
            iam=msk.CfnCluster.IamProperty(enabled=True), scram=msk.CfnCluster.ScramProperty(enabled=False)
        ),
        tls=msk.CfnCluster.TlsProperty(enabled=False),
        unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
    )


def _exporters() -> msk.CfnCluster.OpenMonitoringProperty:
    """For Prometheus, to whom joins the brokers' security group."""
    return msk.CfnCluster.OpenMonitoringProperty(
        prometheus=msk.CfnCluster.PrometheusProperty(
            jmx_exporter=msk.CfnCluster.JmxExporterProperty(enabled_in_broker=True),
            node_exporter=msk.CfnCluster.NodeExporterProperty(enabled_in_broker=True),
        )
    )
