"""The data services of a stage on AWS: PostgreSQL, Valkey and Kafka, and the secrets of the application."""

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.cdk.components.acknowledgement import acknowledge
from infra.cdk.components.data_key import new_data_key
from infra.cdk.components.database_proxy import DatabaseProxy
from infra.cdk.components.kafka_cluster import KafkaCluster
from infra.cdk.components.postgres import DATABASE_NAME, OWNER_NAME, PostgresDatabase
from infra.cdk.components.seal_bucket import new_seal_bucket
from infra.cdk.components.secrets import PASSWORD_LENGTH, ApplicationSecrets
from infra.cdk.components.valkey import USER_NAME, ValkeyCache
from infra.cdk.connections import check_connections
from infra.cdk.data_plane import Database, DataPlane, OpenAi, SharedSecret
from infra.cdk.settings import StageSettings, required
from infra.cdk.stacks.network import NetworkStack


class DataStack(cdk.Stack):
    """Everything that outlives a deployment of the service; `plane` is what the service learns of it."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings, network: NetworkStack) -> None:
        super().__init__(
            scope,
            construct_id,
            env=stage.environment,
            synthesizer=stage.synthesizer,
            description="The data services of the task queue, and its secrets.",
            termination_protection=stage.keeps_data,
        )
        check_connections(stage)
        key = new_data_key(self, "Key", stage=stage)
        secrets = ApplicationSecrets(self, "Secrets", stage=stage, key=key)

        def credential(path: str, username: str, description: str) -> SharedSecret:
            return secrets.generated(
                path,
                key="password",
                length=PASSWORD_LENGTH,
                fields={"username": username},
                description=description,
            )

        def role(name: str) -> SharedSecret:
            user = f"smartqueue_{name}"
            return credential(f"database/{name}", user, f"Connects to the database as {user}.")

        owner = credential(
            "database/owner", OWNER_NAME, "Connects to the database as the schema's owner; for migrations alone."
        )
        api, auth, worker, monitor, auditor = map(role, ("api", "auth", "worker", "monitor", "auditor"))
        database = PostgresDatabase(
            self,
            "Database",
            stage=stage,
            settings=required(stage.database, "database"),
            vpc=network.vpc,
            subnets=network.data_subnets,
            group=self._closed_to_rules("DatabaseGroup", network.groups.database),
            key=key,
            owner=owner,
        )
        proxy = network.groups.proxy and DatabaseProxy(
            self,
            "Proxy",
            stage=stage,
            instance=database.instance,
            roles=[api, auth, worker, monitor, auditor],
            vpc=network.vpc,
            subnets=network.data_subnets,
            group=self._closed_to_rules("ProxyGroup", network.groups.proxy),
        )
        cache = ValkeyCache(
            self,
            "Cache",
            stage=stage,
            settings=required(stage.cache, "cache"),
            vpc=network.vpc,
            subnets=network.data_subnets,
            group=network.groups.cache,
            key=key,
            secret=credential("cache", USER_NAME, "Connects to the cache."),
        )
        kafka = KafkaCluster(
            self,
            "Kafka",
            stage=stage,
            settings=required(stage.kafka, "kafka"),
            vpc=network.vpc,
            subnets=network.data_subnets,
            group=network.groups.kafka,
            key=key,
        )
        self.plane = DataPlane(
            database=Database(
                endpoint=proxy.endpoint if proxy else database.server,
                server=database.server,
                name=DATABASE_NAME,
                tls=True,
                owner=owner,
                api=api,
                auth=auth,
                worker=worker,
                monitor=monitor,
                auditor=auditor,
            ),
            cache=cache.cache,
            kafka=kafka.kafka,
            openai=OpenAi(credential=self._model_credential(secrets, stage.model.secret_name), base_url=""),
            token_keys=secrets.token_keys(),
            metrics_credential=secrets.metrics_credential(),
            webhook_signing=secrets.webhook_signing(),
            seals=new_seal_bucket(self, "Seals", stage=stage),
            network=network.functions,
        )

        self._acknowledge_rotation(secrets)

    def _acknowledge_rotation(self, secrets: ApplicationSecrets) -> None:
        plane = self.plane
        database = plane.database
        for secret in (
            *(database.owner, database.api, database.auth, database.worker, database.monitor, database.auditor),
            plane.token_keys,
        ):
            acknowledge(
                secret.resource,
                "AwsSolutions-SMG4",
                "The service's stack rotates it, with a function of its own, and the rule looks in this stack alone.",
            )
        acknowledge(
            secrets,
            "AwsSolutions-SMG4",
            "Somebody else holds the same secret and must change it too: docs/deploy.md says how, secret by secret.",
        )

    def _closed_to_rules(self, construct_id: str, group: ec2.ISecurityGroup) -> ec2.ISecurityGroup:
        """The group as one that constructs of this stack cannot open further."""
        return ec2.SecurityGroup.from_security_group_id(self, construct_id, group.security_group_id, mutable=False)

    def _model_credential(self, secrets: ApplicationSecrets, existing: str | None) -> SharedSecret:
        if existing:
            resource = secretsmanager.Secret.from_secret_name_v2(self, "ModelSecret", existing)
            return SharedSecret(name=existing, resource=resource)
        # CloudFormation writes a value only when the template's changes, and this one never does: what an operator
        # puts in stays.
        return secrets.given("openai", fields={"apiKey": "none"}, description="The AI model's API key.")
