"""Promise: all data is encrypted, where it lies and on its way."""

from collections.abc import Callable
from typing import Any

from tests.infra.assembly import Assembly
from tests.infra.survey import Found, everything, flat, functions, of_kind, statements

# How one sees that what lies in a resource is encrypted. Where AWS always encrypts with a key of its own and offers
# no way out, the reason stands instead of a look.
AT_REST: dict[str, Callable[[dict[str, Any]], bool] | str] = {
    "AWS::RDS::DBInstance": lambda properties: properties["StorageEncrypted"] is True,
    "AWS::ElastiCache::ReplicationGroup": lambda properties: properties["AtRestEncryptionEnabled"] is True,
    "AWS::MSK::Cluster": lambda properties: bool(
        properties["EncryptionInfo"]["EncryptionAtRest"]["DataVolumeKMSKeyId"]
    ),
    "AWS::SNS::Topic": lambda properties: bool(properties["KmsMasterKeyId"]),
    "AWS::SQS::Queue": lambda properties: bool(
        properties.get("SqsManagedSseEnabled") or properties.get("KmsMasterKeyId")
    ),
    "AWS::S3::Bucket": lambda properties: bool(properties["BucketEncryption"]),
    "AWS::SecretsManager::Secret": "Secrets Manager encrypts every secret, with a key of the account's or ours.",
    "AWS::Logs::LogGroup": "CloudWatch Logs encrypts every log group with a key of AWS's own.",
    "AWS::APS::Workspace": "Managed Prometheus encrypts every workspace with a key of AWS's own.",
    "AWS::Lambda::Function": "Lambda encrypts code, variables and snapshots with a key of AWS's own.",
    "AWS::Lambda::LayerVersion": "Lambda encrypts layers with a key of AWS's own.",
    "AWS::MSK::Topic": "Its records lie on the disks of the cluster.",
}
# Types that may hold data, by the services they belong to; whatever comes in new must be judged above.
STORES = (
    "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::ElastiCache::ReplicationGroup",
    "AWS::ElastiCache::ServerlessCache", "AWS::ElastiCache::CacheCluster", "AWS::MSK::Cluster",
    "AWS::MSK::ServerlessCluster", "AWS::MSK::Topic", "AWS::SNS::Topic", "AWS::SQS::Queue", "AWS::S3::Bucket",
    "AWS::SecretsManager::Secret", "AWS::Logs::LogGroup", "AWS::APS::Workspace", "AWS::DynamoDB::Table",
    "AWS::EFS::FileSystem", "AWS::Kinesis::Stream", "AWS::KinesisFirehose::DeliveryStream", "AWS::EC2::Volume",
    "AWS::Lambda::Function", "AWS::Lambda::LayerVersion", "AWS::SSM::Parameter",
)  # fmt: skip


def test_whatever_holds_data_encrypts_it(stage: Assembly) -> None:
    for found in everything(stage):
        if found.kind in STORES:
            look = AT_REST[found.kind]
            assert look if isinstance(look, str) else look(found.properties), found


def test_the_database_refuses_clients_without_tls(stage: Assembly) -> None:
    (parameters,) = of_kind(stage, "AWS::RDS::DBParameterGroup")
    assert parameters.properties["Parameters"]["rds.force_ssl"] == "1"
    (database,) = of_kind(stage, "AWS::RDS::DBInstance")
    assert database.properties["DBParameterGroupName"] == {"Ref": parameters.logical_id}
    for proxy in of_kind(stage, "AWS::RDS::DBProxy"):
        assert proxy.properties["RequireTLS"] is True, proxy


def test_the_cache_refuses_clients_without_tls(stage: Assembly) -> None:
    (cache,) = of_kind(stage, "AWS::ElastiCache::ReplicationGroup")
    assert cache.properties["TransitEncryptionEnabled"] is True
    assert cache.properties.get("TransitEncryptionMode", "required") == "required"


def test_brokers_speak_tls_to_clients_and_among_themselves_and_know_everybody(stage: Assembly) -> None:
    (cluster,) = of_kind(stage, "AWS::MSK::Cluster")
    assert cluster.properties["EncryptionInfo"]["EncryptionInTransit"] == {"ClientBroker": "TLS", "InCluster": True}
    authentication = cluster.properties["ClientAuthentication"]
    assert authentication["Sasl"]["Iam"]["Enabled"] is True
    assert authentication.get("Unauthenticated", {"Enabled": False})["Enabled"] is False
    assert not authentication["Sasl"].get("Scram", {}).get("Enabled")


def test_functions_insist_on_tls(stage: Assembly) -> None:
    told = {name: found.properties["Environment"]["Variables"] for name, found in functions(stage).items()}
    for name, variables in told.items():
        assert variables.get("DATABASE_TLS", "true") == "true", name
        assert variables.get("CACHE_TLS", "true") == "true", name
        assert variables.get("KAFKA_SECURITY", "AWS_MSK_IAM") == "AWS_MSK_IAM", name
    assert any("DATABASE_TLS" in variables for variables in told.values())
    assert any("CACHE_TLS" in variables for variables in told.values())
    assert any("KAFKA_SECURITY" in variables for variables in told.values())


def test_topics_and_queues_refuse_plain_http(stage: Assembly) -> None:
    carriers = of_kind(stage, "AWS::SNS::Topic", "AWS::SQS::Queue")
    assert carriers
    for carrier in carriers:
        assert any(_refuses_plain_http(statement.body, carrier) for statement in statements(stage)), carrier


def test_a_name_of_our_own_is_served_with_tls_1_2(stage: Assembly) -> None:
    for domain in of_kind(stage, "AWS::ApiGateway::DomainName"):
        assert domain.properties["SecurityPolicy"].startswith(("TLS_1_2", "SecurityPolicy_TLS")), domain


def _refuses_plain_http(statement: dict[str, Any], carrier: Found) -> bool:
    return (
        statement["Effect"] == "Deny"
        and statement.get("Condition", {}).get("Bool") == {"aws:SecureTransport": "false"}
        and carrier.logical_id in flat(statement["Resource"])
    )
