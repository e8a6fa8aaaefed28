"""Where the services of a test are, and what functions are told about it: their variables and secrets."""

import json
from dataclasses import dataclass, field
from typing import Any

import boto3

from localstack.services.postgres import Postgres
from localstack.services.valkey import Valkey
from tests.brokers import Broker

ROLES = ("api", "auth", "worker", "monitor", "auditor")
ROLE_OF = {
    "auth": "auth",
    "submit": "api",
    "query": "api",
    "replay": "api",
    "process": "worker",
    "classify": "worker",
    "relay": "worker",
    "metrics": "monitor",
    "migrate": "owner",
    "rotate": "owner",
    "seal": "auditor",
}
SCRAPE_TOKEN = "scrape-me"
SEAL_BUCKET = "smartqueue-seals"


@dataclass(kw_only=True)
class Wiring:
    """Services, and how one stage's functions reach them.

    extra: variables on top of the template's. database_port, cache_port: of a proxy in between.
    """

    postgres: Postgres
    valkey: Valkey
    kafka: Broker
    stage: str = "test"
    extra: dict[str, str] = field(default_factory=dict)
    database_port: int | None = None
    cache_port: int | None = None

    def secret_name(self, name: str) -> str:
        """Return the full name of one of the stage's secrets."""
        return f"smartqueue/{self.stage}/{name}"

    def environment(self, function: str) -> dict[str, str]:
        """Return the variables that the template sets for a function."""
        database_secrets = {role: self.secret_name(f"database/{role}") for role in ROLES}
        return {
            "STAGE": self.stage,
            "POWERTOOLS_SERVICE_NAME": function,
            "POWERTOOLS_METRICS_NAMESPACE": "SmartTaskQueue",
            "DATABASE_HOST": self.postgres.host,
            "DATABASE_PORT": str(self.database_port or self.postgres.port),
            "DATABASE_NAME": self.postgres.database,
            "DATABASE_TLS": "false",
            "DATABASE_SECRET_ID": self.secret_name(f"database/{ROLE_OF.get(function, 'api')}"),
            "CACHE_HOST": self.valkey.host,
            "CACHE_PORT": str(self.cache_port or self.valkey.port),
            "CACHE_TLS": "false",
            "CACHE_SECRET_ID": "",
            "KAFKA_BOOTSTRAP": self.kafka.bootstrap,
            "KAFKA_SECURITY": self.kafka.access.security,
            "KAFKA_SECRET_ID": self.secret_name("kafka"),
            "KAFKA_CA_FILE": self.kafka.access.ca_file,
            "TOKEN_SECRET_ID": self.secret_name("token-keys"),
            "METRICS_SECRET_ID": self.secret_name("metrics-credential"),
            "OPENAI_SECRET_ID": self.secret_name("openai"),
            "WEBHOOK_SIGNING_SECRET_ID": self.secret_name("webhook-signing"),
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8,::1/128",
            "PASSWORD_MIN_LENGTH": "6",
            "ALLOW_SIMULATE": "true",
            "SUBMIT_QUOTA_PER_MINUTE": "100000",
            "SEAL_BUCKET": SEAL_BUCKET,
            "DATABASE_ROLE_SECRET_IDS": json.dumps(database_secrets),
            **self.extra,
        }

    def database_secret(self, role: str) -> dict[str, Any]:
        """Return how a role logs in to Postgres."""
        if role == "owner":
            return {"username": self.postgres.user, "password": self.postgres.password}
        return {"username": f"smartqueue_{role}", "password": f"{role}-secret"}

    def secrets(self) -> dict[str, dict[str, Any]]:
        """Return every secret by its name."""
        return {
            **{self.secret_name(f"database/{role}"): self.database_secret(role) for role in ("owner", *ROLES)},
            self.secret_name("token-keys"): {"kid": "1", "key": "k" * 64},
            self.secret_name("metrics-credential"): {"token": SCRAPE_TOKEN},
            self.secret_name("webhook-signing"): {"key": "w" * 48},
            self.secret_name("openai"): {"apiKey": "none"},
            self.secret_name("kafka"): {
                "username": self.kafka.access.username,
                "password": self.kafka.access.password,
            },
        }

    def create_secrets(self) -> None:
        """Put the secrets into the Secrets Manager that boto3 reaches."""
        client = boto3.client("secretsmanager", region_name="us-east-1")
        for name, value in self.secrets().items():
            client.create_secret(Name=name, SecretString=json.dumps(value))

    def change_secret(self, name: str, value: dict[str, Any]) -> None:
        """Rotate one of the stage's secrets."""
        client = boto3.client("secretsmanager", region_name="us-east-1")
        client.put_secret_value(SecretId=self.secret_name(name), SecretString=json.dumps(value))
