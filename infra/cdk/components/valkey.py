"""The Valkey cache of a stage, on ElastiCache."""

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.cdk.data_plane import Cache, SharedSecret
from infra.cdk.settings import CacheSettings, StageSettings

ENGINE = "valkey"
PORT = 6379
USER_NAME = "smartqueue"


class ValkeyCache(Construct):
    """One shard, encrypted, for one user with a password; `cache` says where it is."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: StageSettings,
        settings: CacheSettings,
        vpc: ec2.IVpc,
        subnets: ec2.SubnetSelection,
        group: ec2.ISecurityGroup,
        key: kms.IKey,
        secret: SharedSecret,
    ) -> None:
        super().__init__(scope, construct_id)
        name = f"smartqueue-{stage.name}"
        user = elasticache.CfnUser(
            self,
            "User",
            engine=ENGINE,
            user_id=name,
            user_name=USER_NAME,
            access_string="on ~* -@all +@read +@write +@connection +@transaction -@dangerous",
            passwords=[secret.resource.secret_value_from_json("password").unsafe_unwrap()],
        )
        users = elasticache.CfnUserGroup(self, "Users", engine=ENGINE, user_group_id=name, user_ids=[user.ref])
        subnet_group = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            cache_subnet_group_name=name,
            description="Where the task queue's cache runs.",
            subnet_ids=vpc.select_subnets(subnet_group_name=subnets.subnet_group_name).subnet_ids,
        )
        has_replicas = settings.replicas > 0
        group_ = elasticache.CfnReplicationGroup(
            self,
            "Nodes",
            replication_group_id=name,
            replication_group_description="Counters, quotas and what is known already.",
            engine=ENGINE,
            engine_version=settings.engine_version,
            cache_node_type=settings.node_type,
            num_node_groups=1,
            replicas_per_node_group=settings.replicas,
            automatic_failover_enabled=has_replicas,
            multi_az_enabled=has_replicas,
            port=PORT,
            cache_subnet_group_name=subnet_group.ref,
            security_group_ids=[group.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_id,
            user_group_ids=[users.ref],
        )
        group_.apply_removal_policy(stage.removal_policy)
        self.cache = Cache(
            host=group_.attr_primary_end_point_address,
            port=group_.attr_primary_end_point_port,
            tls=True,
            password=secret,
        )
