"""The one interface between the stack that owns the data services and the stack that runs the functions.

A stage's data stack (`stacks/data.py`, or `stacks/local_data.py` on a laptop) builds a `DataPlane`; nothing else
tells the service stack where its database, broker, cache and secrets are.
"""

from dataclasses import dataclass
from enum import StrEnum

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_secretsmanager as secretsmanager


@dataclass(frozen=True, kw_only=True)
class SharedSecret:
    """A secret, and the name under which functions ask for it (no reference to resolve, so it can be read)."""

    name: str
    resource: secretsmanager.ISecret


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """Where a server listens; both may be references that only the deployment resolves."""

    host: str
    port: str


@dataclass(frozen=True, kw_only=True)
class Database:
    """PostgreSQL, and one secret per role: {"username", "password"}.

    Addresses stand beside the secrets, not in them: a secret that CloudFormation generates is generated anew
    whenever its template changes.
    """

    endpoint: Endpoint
    """For the functions that do the work; RDS Proxy, where the stage has one."""
    server: Endpoint
    """The server itself, for what a proxy cannot do: migrations, and passwords made anew."""
    name: str
    tls: bool
    """Whether clients insist on TLS and on a certificate of the server's own name."""
    owner: SharedSecret
    """May change the schema; for migrations alone."""
    api: SharedSecret
    auth: SharedSecret
    worker: SharedSecret
    monitor: SharedSecret
    auditor: SharedSecret
    """Reads the audit trail of all tenants, and nothing else."""


@dataclass(frozen=True, kw_only=True)
class Cache:
    """A Redis-compatible cache."""

    host: str
    port: str
    tls: bool
    password: SharedSecret | None


class KafkaSecurity(StrEnum):
    """How clients prove who they are; the functions read the same words."""

    PLAINTEXT = "PLAINTEXT"
    SCRAM = "SASL_SCRAM"
    IAM = "AWS_MSK_IAM"


@dataclass(frozen=True, kw_only=True)
class Kafka:
    """The cluster that carries the job events."""

    cluster_arn: str
    bootstrap_servers: str
    security: str
    """One of `KafkaSecurity`, or a reference that only the deployment resolves."""
    login: SharedSecret | None = None
    """With SCRAM: {"username", "password"}."""
    ca_file: str = ""
    """With SCRAM: the authorities to trust; empty for the system's."""


@dataclass(frozen=True, kw_only=True)
class OpenAi:
    """The AI model's account; an empty base URL is OpenAI's own."""

    credential: SharedSecret
    base_url: str


@dataclass(frozen=True, kw_only=True)
class SealBucket:
    """Where the audit trail is sealed; its functions know it by name, as the network does, which is there before it."""

    name: str
    arn: str


@dataclass(frozen=True, kw_only=True)
class Network:
    """Where functions run that need the data services."""

    vpc: ec2.IVpc
    closed_subnets: ec2.SubnetSelection
    """No way to the internet; only to the data services and the VPC's endpoints."""
    closed_group: ec2.ISecurityGroup
    open_subnets: ec2.SubnetSelection
    """The same, and out to the internet (never in)."""
    open_group: ec2.ISecurityGroup


@dataclass(frozen=True, kw_only=True)
class DataPlane:
    """Everything stateful that the functions use."""

    database: Database
    cache: Cache
    kafka: Kafka
    openai: OpenAi
    token_keys: SharedSecret
    metrics_credential: SharedSecret
    webhook_signing: SharedSecret
    seals: SealBucket
    network: Network | None
    """None where the services are reachable without a VPC."""
