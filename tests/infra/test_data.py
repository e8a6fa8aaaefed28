"""The data services: what they promise to the code that uses them, and to those who keep them."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.migrate.roles import ROLE_SETTINGS
from infra.cdk.settings import KafkaSettings
from infra.cdk.stages import DEV, PROD
from smartqueue.database import CHECK_AFTER_IDLE_SECONDS
from tests.infra.assembly import Assembly
from tests.infra.reachability import subnets
from tests.infra.variants import Variant, variant

KAFKA: dict[str, KafkaSettings | None] = {"dev": DEV.kafka, "prod": PROD.kafka}
# Where each kind of resource says which key it is encrypted with.
KEYS = {
    "AWS::RDS::DBInstance": ("KmsKeyId", "PerformanceInsightsKMSKeyId"),
    "AWS::ElastiCache::ReplicationGroup": ("KmsKeyId",),
    "AWS::MSK::Cluster": ("EncryptionInfo.EncryptionAtRest.DataVolumeKMSKeyId",),
    "AWS::SecretsManager::Secret": ("KmsKeyId",),
}


@pytest.fixture(scope="module", params=["dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """Each stage of AWS."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Variant:
    """`prod` with a proxy, and a model secret that exists already."""
    values = {"database.proxy": "true", "model.secret-name": "team/openai"}
    return variant(tmp_path_factory.mktemp("proxied"), PROD, values)


def test_one_key_that_turns_every_year_encrypts_all_data(stage: Assembly) -> None:
    ((key, resource),) = stage.resources("Data", "AWS::KMS::Key").items()
    assert resource["Properties"]["EnableKeyRotation"]
    used = {
        (kind, path): _at(found["Properties"], path)
        for kind, paths in KEYS.items()
        for found in stage.resources("Data", kind).values()
        for path in paths
    }
    assert set(used) == {(kind, path) for kind, paths in KEYS.items() for path in paths}
    assert [*used.values()] == [{"Fn::GetAtt": [key, "Arn"]}] * len(used)


def test_no_waiting_of_a_role_outlasts_what_the_server_allows(stage: Assembly) -> None:
    parameters = _parameters(stage)
    for setting in ("statement_timeout", "idle_in_transaction_session_timeout"):
        assert int(parameters[setting]) >= int(ROLE_SETTINGS[setting].removesuffix("s")) * 1000


def test_a_migration_fails_in_the_function_that_runs_it_and_not_after_it(stage: Assembly) -> None:
    timeout = stage.functions["migrate"]["Properties"]["Timeout"]
    assert int(_parameters(stage)["statement_timeout"]) < timeout * 1000


def test_connections_of_environments_that_are_gone_end(stage: Assembly) -> None:
    # Whoever was idle so long looks first whether the connection still works.
    assert int(_parameters(stage)["idle_session_timeout"]) > CHECK_AFTER_IDLE_SECONDS * 1000


def test_slow_statements_are_logged_without_the_tenants_data(stage: Assembly) -> None:
    parameters = _parameters(stage)
    assert int(parameters["log_min_duration_statement"]) > 0
    assert parameters["log_parameter_max_length"] == "0"


def test_the_server_takes_as_many_connections_as_the_stage_says(stage: Assembly) -> None:
    settings = PROD.database if stage.stage == "prod" else DEV.database
    assert settings
    assert _parameters(stage)["max_connections"] == str(settings.max_connections)


def test_the_owners_secret_holds_a_name_and_a_password_and_no_address(stage: Assembly) -> None:
    database = _only(stage, "AWS::RDS::DBInstance")
    (secret,) = (
        found["Properties"]
        for found in stage.resources("Data", "AWS::SecretsManager::Secret").values()
        if found["Properties"]["Name"] == f"smartqueue/{stage.stage}/database/owner"
    )
    template = json.loads(secret["GenerateSecretString"]["SecretStringTemplate"])
    assert template == {"username": database["MasterUsername"]}
    assert "resolve:secretsmanager" in json.dumps(database["MasterUserPassword"])
    assert not stage.resources("Data", "AWS::SecretsManager::SecretTargetAttachment")


def test_prod_survives_the_loss_of_a_zone(prod: Assembly) -> None:
    assert _only(prod, "AWS::RDS::DBInstance")["MultiAZ"]
    cache = _only(prod, "AWS::ElastiCache::ReplicationGroup")
    assert cache["MultiAZEnabled"]
    assert cache["AutomaticFailoverEnabled"]
    assert cache["ReplicasPerNodeGroup"] >= 1


def test_prod_keeps_backups_and_dev_leaves_none(dev: Assembly, prod: Assembly) -> None:
    assert PROD.database
    kept, gone = (_only(assembly, "AWS::RDS::DBInstance") for assembly in (prod, dev))
    assert kept["DeletionProtection"]
    assert not kept["DeleteAutomatedBackups"]
    assert kept["BackupRetentionPeriod"] == PROD.database.backup_days
    assert not gone["DeletionProtection"]
    assert gone["DeleteAutomatedBackups"]
    assert _only(prod, "AWS::ElastiCache::ReplicationGroup")["SnapshotRetentionLimit"] > 0
    assert _only(dev, "AWS::ElastiCache::ReplicationGroup")["SnapshotRetentionLimit"] == 0


def test_no_log_of_the_database_is_left_to_rds(stage: Assembly) -> None:
    database = _only(stage, "AWS::RDS::DBInstance")
    wanted = {f"/aws/rds/instance/smartqueue-{stage.stage}/{log}" for log in database["EnableCloudwatchLogsExports"]}
    assert wanted <= _log_groups(stage)


def test_a_proxy_stands_before_the_functions_and_not_before_migrations(proxied: Variant, prod: Assembly) -> None:
    proxy = _only(proxied.assembly, "AWS::RDS::DBProxy")
    ((proxy_id, _),) = proxied.assembly.resources("Data", "AWS::RDS::DBProxy").items()
    assert proxied.endpoint == {"Fn::GetAtt": [proxy_id, "Endpoint"]}
    assert proxied.server["Fn::GetAtt"][1] == "Endpoint.Address"
    assert proxy["RequireTLS"]
    secrets = proxied.assembly.resources("Data", "AWS::SecretsManager::Secret")
    names = {secrets[auth["SecretArn"]["Ref"]]["Properties"]["Name"] for auth in proxy["Auth"]}
    assert names == {f"smartqueue/prod/database/{role}" for role in ("api", "auth", "worker", "monitor", "auditor")}
    assert not prod.resources("Data", "AWS::RDS::DBProxy")


def test_who_waits_for_the_proxy_hears_before_the_api_gives_up(proxied: Variant, prod: Assembly) -> None:
    target = _only(proxied.assembly, "AWS::RDS::DBProxyTargetGroup")
    waiting = target["ConnectionPoolConfigurationInfo"]["ConnectionBorrowTimeout"]
    assert waiting < prod.functions["submit"]["Properties"]["Timeout"]


def test_the_cache_knows_one_user_and_nobody_without_a_name(stage: Assembly) -> None:
    users = {
        u["Properties"]["UserName"]: u["Properties"] for u in stage.resources("Data", "AWS::ElastiCache::User").values()
    }
    assert set(users) == {"smartqueue", "default"}
    assert users["default"]["AccessString"].startswith("off ")
    assert "+@all" not in users["smartqueue"]["AccessString"]
    assert len(_only(stage, "AWS::ElastiCache::UserGroup")["UserIds"]) == 2


def test_a_full_cache_drops_what_can_be_found_out_anew_and_no_counter(stage: Assembly) -> None:
    assert _only(stage, "AWS::ElastiCache::ParameterGroup")["Properties"] == {"maxmemory-policy": "volatile-lru"}


def test_brokers_stand_in_three_zones(stage: Assembly) -> None:
    nodes = _only(stage, "AWS::MSK::Cluster")["BrokerNodeGroupInfo"]
    assert len(nodes["ClientSubnets"]) == len([s for s in subnets(stage) if s.kind == "data"]) == 3
    assert "dataSubnet" in json.dumps(nodes["ClientSubnets"])


def test_brokers_know_their_clients_by_iam_alone(stage: Assembly) -> None:
    ways_in = _only(stage, "AWS::MSK::Cluster")["ClientAuthentication"]
    assert ways_in == {
        "Sasl": {"Iam": {"Enabled": True}, "Scram": {"Enabled": False}},
        "Tls": {"Enabled": False},
        "Unauthenticated": {"Enabled": False},
    }


def test_an_acknowledged_record_is_on_two_brokers_and_stays(stage: Assembly) -> None:
    properties = dict(
        line.split("=") for line in _only(stage, "AWS::MSK::Configuration")["ServerProperties"].splitlines()
    )
    assert properties["min.insync.replicas"] == "2"
    assert properties["default.replication.factor"] == "3"
    assert properties["unclean.leader.election.enable"] == "false"
    assert properties["auto.create.topics.enable"] == "false"
    for topic, configuration in _topics(stage):
        assert topic["ReplicationFactor"] == 3
        assert configuration["min.insync.replicas"] == "2"


def test_topics_are_as_wide_and_keep_as_long_as_the_stage_says(stage: Assembly) -> None:
    settings = KAFKA[stage.stage]
    assert settings
    day = 24 * 3600 * 1000
    assert {
        topic["TopicName"]: (topic["PartitionCount"], int(configuration["retention.ms"]) // day)
        for topic, configuration in _topics(stage)
    } == {
        "job-events": (settings.partitions, settings.events_retention_days),
        "job-events-bulk": (settings.partitions, settings.events_retention_days),
        "job-results": (settings.partitions, settings.events_retention_days),
        "job-dlq": (3, settings.dead_letter_retention_days),
    }


def test_the_brokers_addresses_are_asked_for_again_when_the_cluster_changed(stage: Assembly) -> None:
    ((cluster, _),) = stage.resources("Data", "AWS::MSK::Cluster").items()
    (question,) = stage.resources("Data", "Custom::AWS").values()
    asked = json.dumps(question["Properties"]["Update"])
    assert json.dumps({"Fn::GetAtt": [cluster, "CurrentVersion"]}) in asked
    assert "BootstrapBrokerStringSaslIam" in asked
    assert question["Properties"]["Create"] == question["Properties"]["Update"]
    assert "Delete" not in question["Properties"]
    (right,) = (
        statement
        for policy in stage.resources("Data", "AWS::IAM::Policy").values()
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]
        if "kafka:GetBootstrapBrokers" in statement["Action"]
    )
    assert right["Resource"] == {"Fn::GetAtt": [cluster, "Arn"]}


def test_writers_hear_of_the_brokers_when_the_topics_are_there(stage: Assembly) -> None:
    (question,) = stage.resources("Data", "Custom::AWS").values()
    assert set(stage.resources("Data", "AWS::MSK::Topic")) <= set(question["DependsOn"])


def test_the_models_key_starts_empty_or_is_the_operators_own(stage: Assembly, proxied: Variant) -> None:
    def ours(assembly: Assembly) -> list[dict[str, Any]]:
        secrets = assembly.resources("Data", "AWS::SecretsManager::Secret").values()
        return [s["Properties"] for s in secrets if s["Properties"]["Name"].endswith("/openai")]

    (secret,) = ours(stage)
    assert json.loads(secret["SecretString"]) == {"apiKey": "none"}
    assert ours(proxied.assembly) == []


def _only(assembly: Assembly, kind: str) -> dict[str, Any]:
    (resource,) = assembly.resources("Data", kind).values()
    properties: dict[str, Any] = resource["Properties"]
    return properties


def _parameters(assembly: Assembly) -> dict[str, str]:
    parameters: dict[str, str] = _only(assembly, "AWS::RDS::DBParameterGroup")["Parameters"]
    return parameters


def _topics(assembly: Assembly) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    for topic in assembly.resources("Data", "AWS::MSK::Topic").values():
        yield topic["Properties"], json.loads(base64.b64decode(topic["Properties"]["Configs"]))


def _log_groups(assembly: Assembly) -> set[str]:
    return {group["Properties"]["LogGroupName"] for group in assembly.resources("Data", "AWS::Logs::LogGroup").values()}


def _at(properties: dict[str, Any], path: str) -> Any:
    value: Any = properties
    for part in path.split("."):
        value = value[part]
    return value
