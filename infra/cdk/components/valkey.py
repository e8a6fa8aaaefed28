"""The Valkey cache of a stage, on ElastiCache."""

from collections.abc import Iterator

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_kms as kms
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.log_group import new_log_group
from infra.cdk.data_plane import Cache, SharedSecret
from infra.cdk.settings import CacheSettings, StageSettings

ENGINE = "valkey"
PORT = 6379
USER_NAME = "smartqueue"
COMMANDS = (
    *("get", "set", "del", "expire", "ttl", "incr", "incrby"),
    *("hset", "hincrby", "hincrbyfloat", "hgetall"),
    *("multi", "exec", "discard", "ping"),
)
"""What the functions send; a test runs them as this user."""
ACCESS = " ".join(
    ["on", "~*", "-@all", "+@connection", "-@dangerous", *(f"+{command}" for command in COMMANDS)],
)
"""Nothing that lists keys, empties the cache or sets it up. All keys: there is one user, for one application."""
NO_ACCESS = "off ~* -@all"
SNAPSHOT_DAYS = 7


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
        self._stage = stage
        self._name = f"smartqueue-{stage.name}"
        users = self._users(secret)
        parameters = elasticache.CfnParameterGroup(
            self,
            "Parameters",
            cache_parameter_group_family=f"{ENGINE}{settings.engine_version.partition('.')[0]}",
            description="How the task queue uses its cache.",
            # The counters behind GET /metrics have no end and must stay; all else has one and can be found out anew.
            properties={"maxmemory-policy": "volatile-lru"},
        )
        subnet_group = elasticache.CfnSubnetGroup(
            self,
            "Subnets",
            cache_subnet_group_name=self._name,
            description="Where the task queue's cache runs.",
            subnet_ids=vpc.select_subnets(subnet_group_name=subnets.subnet_group_name).subnet_ids,
        )
        has_replicas = settings.replicas > 0
        nodes = elasticache.CfnReplicationGroup(
            self,
            "Nodes",
            replication_group_id=self._name,
            replication_group_description="Counters, quotas and what is known already.",
            engine=ENGINE,
            engine_version=settings.engine_version,
            cache_node_type=settings.node_type,
            num_node_groups=1,
            replicas_per_node_group=settings.replicas,
            automatic_failover_enabled=has_replicas,
            multi_az_enabled=has_replicas,
            auto_minor_version_upgrade=True,
            port=PORT,
            cache_parameter_group_name=parameters.ref,
            cache_subnet_group_name=subnet_group.ref,
            security_group_ids=[group.security_group_id],
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            at_rest_encryption_enabled=True,
            kms_key_id=key.key_arn,
            user_group_ids=[users.ref],
            snapshot_retention_limit=SNAPSHOT_DAYS if stage.keeps_data else 0,
            # UTC; not when the database is busy with the same.
            snapshot_window="03:00-04:00",
            preferred_maintenance_window="sun:08:00-sun:09:00",
            log_delivery_configurations=list(self._logs()),
        )
        for resource in (parameters, subnet_group, nodes):
            resource.apply_removal_policy(stage.removal_policy)
        self._acknowledge_findings(nodes, has_replicas=has_replicas)
        self.cache = Cache(
            host=nodes.attr_primary_end_point_address,
            port=nodes.attr_primary_end_point_port,
            tls=True,
            password=secret,
        )

    def _acknowledge_findings(self, nodes: elasticache.CfnReplicationGroup, *, has_replicas: bool) -> None:
        acknowledge(
            nodes,
            "AwsSolutions-AEC6",
            "Security groups say who reaches the port, and another number would hide it from nobody inside.",
        )
        if not has_replicas:
            acknowledge(
                nodes,
                "AwsSolutions-AEC4",
                "The stage asks for no replica: without the cache the service is slower, not wrong.",
            )

    def _users(self, secret: SharedSecret) -> elasticache.CfnUserGroup:
        # ElastiCache reads the secret when it makes the user; the template holds a reference.
        password = secret.resource.secret_value_from_json("password").unsafe_unwrap()
        user = self._user("User", self._name, USER_NAME, ACCESS, password)
        # A client that names no user is this one, so it must not be allowed anything.
        nobody = self._user("Nobody", f"{self._name}-default", "default", NO_ACCESS, password)
        group = elasticache.CfnUserGroup(
            self, "Users", engine=ENGINE, user_group_id=self._name, user_ids=[user.ref, nobody.ref]
        )
        group.apply_removal_policy(self._stage.removal_policy)
        return group

    def _user(self, construct_id: str, user_id: str, name: str, access: str, password: str) -> elasticache.CfnUser:
        user = elasticache.CfnUser(
            self,
            construct_id,
            engine=ENGINE,
            user_id=user_id,
            user_name=name,
            access_string=access,
            passwords=[password],
        )
        user.apply_removal_policy(self._stage.removal_policy)
        return user

    def _logs(self) -> Iterator[elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty]:
        for kind in ("slow-log", "engine-log"):
            # The prefix spares the account's one policy for deliveries of logs another entry.
            name = f"/aws/vendedlogs/{self._name}/cache/{kind}"
            log_group = new_log_group(self, kind.title().replace("-", ""), name=name, stage=self._stage)
            yield elasticache.CfnReplicationGroup.LogDeliveryConfigurationRequestProperty(
                log_type=kind,
                log_format="json",
                destination_type="cloudwatch-logs",
                destination_details=elasticache.CfnReplicationGroup.DestinationDetailsProperty(
                    cloud_watch_logs_details=elasticache.CfnReplicationGroup.CloudWatchLogsDestinationDetailsProperty(
                        log_group=log_group.log_group_name
                    )
                ),
            )
