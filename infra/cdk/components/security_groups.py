"""Who may talk to whom inside the VPC."""

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from infra.cdk.settings import StageSettings

POSTGRES = ec2.Port.tcp(5432)
VALKEY = ec2.Port.tcp(6379)
KAFKA_IAM = ec2.Port.tcp(9098)
KAFKA_METRICS = ec2.Port.tcp_range(11001, 11002)
HTTPS = ec2.Port.tcp(443)
UNPRIVILEGED = ec2.Port.tcp_range(1024, 65535)


@dataclass(frozen=True, kw_only=True)
class _Member:
    """A group, and what its members are called in the descriptions of rules."""

    group: ec2.SecurityGroup
    title: str


class SecurityGroups(Construct):
    """One group for each kind of member, closed but for the rules that are spelled out here.

    Every conversation is allowed on both sides: out of the one group, into the other.
    """

    def __init__(self, scope: Construct, construct_id: str, *, vpc: ec2.IVpc, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self._vpc = vpc
        self._stage = stage
        database = self._member("Database", "PostgreSQL")
        cache = self._member("Cache", "Valkey")
        kafka = self._member("Kafka", "Kafka brokers, and the pollers that read them for Lambda")
        endpoints = self._member("Endpoints", "endpoints of AWS services")
        closed = self._member("Closed", "functions without the internet")
        open_ = self._member("Open", "functions with a way out to the internet")

        for functions in (closed, open_):
            self._let(functions, cache, VALKEY)
            self._let(functions, kafka, KAFKA_IAM)
            self._let(functions, endpoints, HTTPS)
        self._let(kafka, kafka, KAFKA_IAM)
        self._let(kafka, kafka, KAFKA_METRICS)
        if not (stage.triggers and stage.triggers.provisioned):
            self._let(kafka, endpoints, HTTPS)
        # Behind the proxy too: migrations, and passwords made anew, go to the server itself.
        self._let(closed, database, POSTGRES)
        self.proxy: ec2.ISecurityGroup | None = None
        if stage.database and stage.database.proxy:
            proxy = self._member("Proxy", "RDS Proxy")
            self._let(closed, proxy, POSTGRES)
            self._let(open_, proxy, POSTGRES)
            self._let(proxy, database, POSTGRES)
            self.proxy = proxy.group
        else:
            self._let(open_, database, POSTGRES)
        # A webhook's address may name its port, which is 443 or not a system's.
        for port in (HTTPS, UNPRIVILEGED):
            open_.group.add_egress_rule(ec2.Peer.any_ipv4(), port, "to the internet, through NAT")
        # No security group can name S3's addresses without a look-up; the subnets have no other route out.
        closed.group.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "to S3, the only thing that routes lead to")

        self.database: ec2.ISecurityGroup = database.group
        self.cache: ec2.ISecurityGroup = cache.group
        self.kafka: ec2.ISecurityGroup = kafka.group
        self.endpoints: ec2.ISecurityGroup = endpoints.group
        self.closed: ec2.ISecurityGroup = closed.group
        self.open: ec2.ISecurityGroup = open_.group

    def _member(self, construct_id: str, title: str) -> _Member:
        group = ec2.SecurityGroup(
            self,
            construct_id,
            vpc=self._vpc,
            security_group_name=f"smartqueue-{self._stage.name}-{construct_id.lower()}",
            description=f"Task queue: {title}.",
            allow_all_outbound=False,
        )
        return _Member(group=group, title=title)

    def _let(self, source: _Member, target: _Member, port: ec2.Port) -> None:
        """Allow members of `source` to open connections to members of `target`."""
        source.group.add_egress_rule(target.group, port, f"to {target.title}")
        target.group.add_ingress_rule(source.group, port, f"from {source.title}")
