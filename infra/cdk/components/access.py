"""What a function may use: each piece of access carries the variables that name a thing and the right to it.

So a function cannot be told of a secret that it may not read, nor read one that it is not told of.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.cdk.components.kafka_rights import produce_statements
from infra.cdk.components.seal_bucket import LISTING_SEALS, SEALS_FOLDER, USING_SEALS
from infra.cdk.data_plane import Cache, Database, Endpoint, Kafka, OpenAi, SealBucket, SharedSecret


@dataclass(frozen=True, kw_only=True)
class Access:
    """Environment variables, the secrets they name, and any other rights they imply."""

    variables: Mapping[str, str]
    secrets: Sequence[SharedSecret] = ()
    statements: Sequence[iam.PolicyStatement] = ()


def database(settings: Database, secret: SharedSecret) -> Access:
    """Connect to the database in one role, to do the application's work."""
    return _database_at(settings.endpoint, settings, secret)


def database_server(settings: Database) -> Access:
    """Connect to the server itself as the schema's owner."""
    return _database_at(settings.server, settings, settings.owner)


def _database_at(endpoint: Endpoint, settings: Database, secret: SharedSecret) -> Access:
    return Access(
        variables={
            "DATABASE_HOST": endpoint.host,
            "DATABASE_PORT": endpoint.port,
            "DATABASE_NAME": settings.name,
            "DATABASE_TLS": "true" if settings.tls else "false",
            "DATABASE_SECRET_ID": secret.name,
        },
        secrets=[secret],
    )


def database_roles(settings: Database) -> Access:
    """Give the application's database roles the passwords of their secrets."""
    roles = {
        "api": settings.api,
        "auth": settings.auth,
        "worker": settings.worker,
        "monitor": settings.monitor,
        "auditor": settings.auditor,
    }
    names = {role: secret.name for role, secret in roles.items()}
    return Access(variables={"DATABASE_ROLE_SECRET_IDS": json.dumps(names)}, secrets=list(roles.values()))


def cache(settings: Cache) -> Access:
    """Use the cache."""
    return Access(
        variables={
            "CACHE_HOST": settings.host,
            "CACHE_PORT": settings.port,
            "CACHE_TLS": "true" if settings.tls else "false",
            "CACHE_SECRET_ID": settings.password.name if settings.password else "",
        },
        secrets=[settings.password] if settings.password else [],
    )


def producing(scope: Construct, settings: Kafka, *topics: str) -> Access:
    """Write to some topics of the cluster."""
    variables = {"KAFKA_BOOTSTRAP": settings.bootstrap_servers, "KAFKA_SECURITY": str(settings.security)}
    if settings.login is not None:
        variables |= {"KAFKA_SECRET_ID": settings.login.name, "KAFKA_CA_FILE": settings.ca_file}
    return Access(
        variables=variables,
        secrets=[settings.login] if settings.login is not None else [],
        statements=produce_statements(scope, settings, topics=topics),
    )


def token(secret: SharedSecret, *, lifetime_seconds: int) -> Access:
    """Issue and verify access tokens."""
    return Access(
        variables={"TOKEN_SECRET_ID": secret.name, "TOKEN_LIFETIME_SECONDS": str(lifetime_seconds)},
        secrets=[secret],
    )


def webhooks(secret: SharedSecret, *, allowed_networks: Sequence[str]) -> Access:
    """Send, or prepare, signed webhooks."""
    return Access(
        variables={"WEBHOOK_SIGNING_SECRET_ID": secret.name, "WEBHOOK_ALLOWED_NETWORKS": ",".join(allowed_networks)},
        secrets=[secret],
    )


def webhook_networks(allowed_networks: Sequence[str]) -> Access:
    """Tell a webhook's caller early that it may not go there."""
    return Access(variables={"WEBHOOK_ALLOWED_NETWORKS": ",".join(allowed_networks)})


def metrics_credential(secret: SharedSecret) -> Access:
    """Check the credential that scrapers show."""
    return Access(variables={"METRICS_SECRET_ID": secret.name}, secrets=[secret])


def seals(bucket: SealBucket) -> Access:
    """Add seals of the audit trail, and read those that are there, as they were first written."""
    return Access(
        variables={"SEAL_BUCKET": bucket.name},
        statements=[
            iam.PolicyStatement(actions=list(LISTING_SEALS), resources=[bucket.arn]),
            iam.PolicyStatement(actions=list(USING_SEALS), resources=[f"{bucket.arn}/{SEALS_FOLDER}/*"]),
        ],
    )


def openai(settings: OpenAi) -> Access:
    """Call the AI model."""
    return Access(
        variables={"OPENAI_SECRET_ID": settings.credential.name, "OPENAI_BASE_URL": settings.base_url},
        secrets=[settings.credential],
    )


def cors(origins: Sequence[str]) -> Access:
    """Let the pages of some origins read the answers."""
    return Access(variables={"CORS_ORIGINS": ",".join(origins)})


def plain(**variables: str) -> Access:
    """Settings that imply no right at all."""
    return Access(variables=variables)
