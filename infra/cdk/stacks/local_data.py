"""The data plane of a laptop: services that the local command line started, and secrets that say where they are.

Ports and passwords are parameters, so one synthesised cloud assembly serves every start.
"""

import aws_cdk as cdk
from constructs import Construct

from infra.cdk.components.seal_bucket import new_seal_bucket
from infra.cdk.components.secrets import PASSWORD_LENGTH, ApplicationSecrets
from infra.cdk.data_plane import (
    Cache,
    Database,
    DataPlane,
    Endpoint,
    Kafka,
    KafkaSecurity,
    OpenAi,
    SharedSecret,
)
from infra.cdk.settings import StageSettings

DATABASE_NAME = "smartqueue"
# No such cluster exists; the local trigger only needs the mappings to agree on one.
CLUSTER_ARN = "arn:aws:kafka:us-east-1:000000000000:cluster/smartqueue-local/00000000-0000-0000-0000-000000000000-1"


class LocalDataStack(cdk.Stack):
    """Creates every secret and describes the embedded services as a `DataPlane`."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="Secrets, and where the embedded data services of the task queue are.",
        )
        secrets = ApplicationSecrets(self, "Secrets", stage=stage)
        host = self._parameter("DatabaseHost", "Where PostgreSQL listens.").value_as_string
        port = self._parameter("DatabasePort", "Where PostgreSQL listens.", kind="Number").value_as_string
        owner_password = self._secret_parameter("DatabaseOwnerPassword", "The schema owner's password.")

        def database(role: str) -> SharedSecret:
            return secrets.generated(
                f"database/{role}",
                key="password",
                length=PASSWORD_LENGTH,
                fields={"username": f"smartqueue_{role}"},
                description=f"Connects to the database as smartqueue_{role}.",
            )

        self.plane = DataPlane(
            database=Database(
                endpoint=Endpoint(host=host, port=port),
                server=Endpoint(host=host, port=port),
                name=DATABASE_NAME,
                tls=False,
                owner=secrets.given(
                    "database/owner",
                    fields={"username": "smartqueue_owner", "password": owner_password},
                    description="Connects to the database as the schema's owner; for migrations alone.",
                ),
                api=database("api"),
                auth=database("auth"),
                worker=database("worker"),
                monitor=database("monitor"),
                auditor=database("auditor"),
            ),
            cache=Cache(
                host=self._parameter("CacheHost", "Where Valkey listens.").value_as_string,
                port=self._parameter("CachePort", "Where Valkey listens.").value_as_string,
                tls=False,
                password=None,
            ),
            kafka=Kafka(
                cluster_arn=CLUSTER_ARN,
                bootstrap_servers=self._parameter("KafkaBootstrap", "host:port of the broker.").value_as_string,
                security=self._parameter(
                    "KafkaSecurity", "How clients log in.", default=KafkaSecurity.PLAINTEXT.value
                ).value_as_string,
                login=secrets.given(
                    "kafka",
                    fields={
                        "username": self._secret_parameter("KafkaUsername", 'Or "none".', default="none"),
                        "password": self._secret_parameter("KafkaPassword", 'Or "none".', default="none"),
                    },
                    description="Logs in to Kafka, where that is asked for.",
                ),
                ca_file=self._parameter("KafkaCaFile", "Empty for the system's own.", default="").value_as_string,
            ),
            openai=OpenAi(
                credential=secrets.given(
                    "openai",
                    fields={"apiKey": self._secret_parameter("OpenAiApiKey", 'Or "none".', default="none")},
                    description="The AI model's API key.",
                ),
                base_url=self._parameter(
                    "OpenAiBaseUrl", "Empty for OpenAI's own address.", default=""
                ).value_as_string,
            ),
            token_keys=secrets.token_keys(),
            metrics_credential=secrets.metrics_credential(),
            webhook_signing=secrets.webhook_signing(),
            seals=new_seal_bucket(self, "Seals", stage=stage),
            network=None,
        )

    def _parameter(
        self, name: str, description: str, *, kind: str = "String", default: str | None = None
    ) -> cdk.CfnParameter:
        return cdk.CfnParameter(self, name, type=kind, description=description, default=default)

    def _secret_parameter(self, name: str, description: str, *, default: str | None = None) -> str:
        return cdk.CfnParameter(
            self,
            name,
            type="String",
            no_echo=True,
            description=description,
            default=default,
            # CloudFormation pastes the value into the secret's JSON as it is.
            allowed_pattern=r'[^"\\]+',
            constraint_description='must not be empty, nor hold " or \\',
        ).value_as_string
