"""The Kafka cluster of a stage, on MSK, and its topics."""

import base64
import json

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_msk as msk
from constructs import Construct

from infra.cdk.components.bootstrap_brokers import BootstrapBrokers
from infra.cdk.components.kafka_rights import JOB_DLQ, JOB_EVENTS, JOB_RESULTS
from infra.cdk.components.log_group import new_log_group
from infra.cdk.data_plane import Kafka, KafkaSecurity
from infra.cdk.settings import KafkaSettings, StageSettings

BROKERS = 3
DAY_MILLISECONDS = 24 * 3600 * 1000


class KafkaCluster(Construct):
    """Three brokers that take IAM over TLS alone; `kafka` says where they are."""

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
        name = f"smartqueue-{stage.name}"
        log_group = new_log_group(self, "Logs", name=f"/smartqueue/{stage.name}/kafka", stage=stage)
        self.cluster = msk.CfnCluster(
            self,
            "Cluster",
            cluster_name=name,
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
            client_authentication=msk.CfnCluster.ClientAuthenticationProperty(
                sasl=msk.CfnCluster.SaslProperty(
                    iam=msk.CfnCluster.IamProperty(enabled=True), scram=msk.CfnCluster.ScramProperty(enabled=False)
                ),
                unauthenticated=msk.CfnCluster.UnauthenticatedProperty(enabled=False),
            ),
            encryption_info=msk.CfnCluster.EncryptionInfoProperty(
                encryption_at_rest=msk.CfnCluster.EncryptionAtRestProperty(data_volume_kms_key_id=key.key_arn),
                encryption_in_transit=msk.CfnCluster.EncryptionInTransitProperty(client_broker="TLS", in_cluster=True),
            ),
            logging_info=msk.CfnCluster.LoggingInfoProperty(
                broker_logs=msk.CfnCluster.BrokerLogsProperty(
                    cloud_watch_logs=msk.CfnCluster.CloudWatchLogsProperty(
                        enabled=True, log_group=log_group.log_group_name
                    )
                )
            ),
        )
        self.cluster.apply_removal_policy(stage.removal_policy)
        self._add_topic(JOB_EVENTS, settings, settings.partitions, settings.events_retention_days, stage)
        self._add_topic(JOB_RESULTS, settings, settings.partitions, settings.events_retention_days, stage)
        self._add_topic(JOB_DLQ, settings, 3, settings.dead_letter_retention_days, stage)
        self.kafka = Kafka(
            cluster_arn=self.cluster.attr_arn,
            bootstrap_servers=BootstrapBrokers(self, "Bootstrap", cluster=self.cluster, stage=stage).addresses,
            security=KafkaSecurity.IAM,
        )

    def _add_topic(
        self, name: str, settings: KafkaSettings, partitions: int, retention_days: int, stage: StageSettings
    ) -> None:
        config = {"retention.ms": str(retention_days * DAY_MILLISECONDS), "min.insync.replicas": "2"}
        msk.CfnTopic(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            cluster_arn=self.cluster.attr_arn,
            topic_name=name,
            partition_count=partitions,
            replication_factor=BROKERS,
            configs=base64.b64encode(json.dumps(config).encode()).decode(),
        ).apply_removal_policy(stage.removal_policy)
