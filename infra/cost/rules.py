"""What each type of resource costs in an idle month."""

import re
from collections.abc import Callable, Iterator

from infra.cost.bill import GIGABYTE, HOURS_PER_DAY, MILLION, MINUTES_PER_HOUR, SECONDS_PER_HOUR, Context, Line
from infra.cost.templates import Properties, architecture, gigabytes

LEAST_PROXY_VCPUS = 2
VCPUS = {"micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}
FREE_INSIGHTS_DAYS = 7
DAYS_PER_WEEK = 7
ONCE_A_DAY = re.compile(r"cron\(\d+ \d+ \* \* \? \*\)")
ONCE_A_WEEK = re.compile(r"cron\(\d+ \d+ \? \* [A-Z]{3} \*\)")

type Rule = Callable[[Context, Properties], Iterator[Line]]


class UnpricedSettingError(LookupError):
    """A resource asks for something that costs extra and that this script cannot price."""


def _nat_gateway(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(group="Network", text="NAT gateway", cost=context.prices.hourly("nat-gateway-hour"))


def _address(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(
        group="Network", text="public address of a NAT gateway", cost=context.prices.hourly("public-address-hour")
    )


def _endpoint(context: Context, properties: Properties) -> Iterator[Line]:
    if properties.get("VpcEndpointType", "Gateway") != "Interface":
        return
    zones = len(properties["SubnetIds"])
    yield Line(
        group="Network",
        text=f"interface endpoint in {zones} zone{'s' if zones > 1 else ''}",
        cost=context.prices.hourly("interface-endpoint-hour") * zones,
    )


def _flow_log(context: Context, _: Properties) -> Iterator[Line]:
    yield _logs(context, "flow logs", context.usage.idle.flow_log_gigabytes)


def _database(context: Context, properties: Properties) -> Iterator[Line]:
    size, zones = str(properties["DBInstanceClass"]), 2 if properties.get("MultiAZ") else 1
    where = "two zones" if zones == 2 else "one zone"  # noqa: PLR2004
    yield Line(
        group="PostgreSQL",
        text=f"server {size} in {where}",
        cost=context.prices.hourly(f"rds-postgres-hour/{size}") * zones,
    )
    disk = float(properties["AllocatedStorage"])
    yield Line(
        group="PostgreSQL",
        text=f"{disk:g} GB of disk in {where} (backups of the same size are free)",
        cost=context.prices.cost("rds-storage-gigabyte", disk * zones),
    )
    if int(properties.get("PerformanceInsightsRetentionPeriod", FREE_INSIGHTS_DAYS)) != FREE_INSIGHTS_DAYS:
        raise UnpricedSettingError("Performance Insights beyond seven days are paid for, and not in prices.toml")
    if properties.get("EnableCloudwatchLogsExports"):
        yield _logs(context, "PostgreSQL's log", context.usage.idle.database_log_gigabytes)


def _proxy(context: Context, _: Properties) -> Iterator[Line]:
    for database in context.templates.of_kind("AWS::RDS::DBInstance"):
        vcpus = max(VCPUS[str(database.properties["DBInstanceClass"]).rpartition(".")[2]], LEAST_PROXY_VCPUS)
        yield Line(
            group="PostgreSQL",
            text=f"RDS Proxy for {vcpus} vCPUs",
            cost=context.prices.hourly("rds-proxy-vcpu-hour") * vcpus,
        )


def _cluster(context: Context, properties: Properties) -> Iterator[Line]:
    brokers, nodes = int(properties["NumberOfBrokerNodes"]), properties["BrokerNodeGroupInfo"]
    size = nodes["InstanceType"]
    disk = float(nodes["StorageInfo"]["EBSStorageInfo"]["VolumeSize"])
    if properties.get("EnhancedMonitoring", "DEFAULT") != "DEFAULT":
        raise UnpricedSettingError("MSK's metrics beyond the default level are paid for, and not in prices.toml")
    yield Line(
        group="Kafka",
        text=f"{brokers} brokers {size}",
        cost=context.prices.hourly(f"msk-broker-hour/{size}") * brokers,
    )
    yield Line(
        group="Kafka",
        text=f"{brokers} x {disk:g} GB of disk",
        cost=context.prices.cost("msk-storage-gigabyte", disk * brokers),
    )
    if properties.get("LoggingInfo"):
        yield _logs(context, "brokers' logs", context.usage.idle.broker_log_gigabytes)


def _cache(context: Context, properties: Properties) -> Iterator[Line]:
    shards = int(properties.get("NumNodeGroups", 1))
    nodes = int(properties.get("NumCacheClusters") or shards * (1 + int(properties.get("ReplicasPerNodeGroup", 0))))
    size = properties["CacheNodeType"]
    yield Line(
        group="Valkey",
        text=f"{nodes} node{'s' if nodes > 1 else ''} {size}",
        cost=context.prices.hourly(f"elasticache-valkey-hour/{size}") * nodes,
    )


def _firewall(context: Context, properties: Properties) -> Iterator[Line]:
    rules = len(properties.get("Rules", ()))
    cost = context.prices.cost("firewall-list-month", 1) + context.prices.cost("firewall-rule-month", rules)
    yield Line(group="API", text=f"firewall with {rules} rules", cost=cost)


def _key(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(group="Secrets", text="encryption key of our own", cost=context.prices.cost("key-month", 1))


def _secret(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(group="Secrets", text="secret", cost=context.prices.cost("secret-month", 1))


def _alarm(context: Context, properties: Properties) -> Iterator[Line]:
    metrics = sum("MetricStat" in query for query in properties.get("Metrics", ())) or 1
    text = "alarm" if metrics == 1 else f"alarm on {metrics} metrics"
    yield Line(group="Watching", text=text, cost=context.prices.cost("alarm-metric-month", metrics))


def _composite_alarm(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(group="Watching", text="composite alarm", cost=context.prices.cost("composite-alarm-month", 1))


def _dashboard(context: Context, _: Properties) -> Iterator[Line]:
    yield Line(group="Watching", text="dashboard", cost=context.prices.cost("dashboard-month", 1))


def _function(context: Context, properties: Properties) -> Iterator[Line]:
    if properties.get("SnapStart", {}).get("ApplyOn") == "PublishedVersions":
        seconds = context.prices.hours_per_month * SECONDS_PER_HOUR
        yield Line(
            group="Lambda",
            text=f"SnapStart's copy of a version with {properties.get('MemorySize', 128)} MB",
            cost=context.prices.cost("snapstart-cached-gigabyte-second", gigabytes(properties) * seconds),
        )


def _schedule(context: Context, properties: Properties) -> Iterator[Line]:
    if "ScheduleExpression" not in properties:
        return
    how_often = str(properties["ScheduleExpression"])
    if how_often == "rate(1 minute)":
        runs, unit = float(context.prices.hours_per_month * MINUTES_PER_HOUR), "minute"
    elif ONCE_A_DAY.fullmatch(how_often):
        runs, unit = context.prices.hours_per_month / HOURS_PER_DAY, "day"
    elif ONCE_A_WEEK.fullmatch(how_often):
        runs, unit = context.prices.hours_per_month / HOURS_PER_DAY / DAYS_PER_WEEK, "week"
    else:
        raise UnpricedSettingError(f"no idea how often {how_often} is")
    # A function with several schedules has rules that are called after it and what they are for.
    name = str(properties["Name"]).removeprefix(f"smartqueue-{context.templates.stage}-").partition("-")[0]
    function = context.templates.function(name)
    idle = context.usage.idle
    if name == "relay":
        seconds, logged = float(function["Environment"]["Variables"]["RELAY_RUN_SECONDS"]), idle.relay_log_bytes
    elif name == "seal":
        seconds, logged = idle.seal_seconds, idle.seal_log_bytes
    else:
        seconds, logged = idle.export_seconds, idle.export_log_bytes
    yield Line(
        group="Lambda",
        text=f"{name}, {seconds:g} seconds of every {unit} with {function.get('MemorySize', 128)} MB",
        cost=context.prices.cost(
            f"lambda-gigabyte-second/{architecture(function)}", runs * seconds * gigabytes(function)
        )
        + context.prices.cost("lambda-million-requests", runs / MILLION),
    )
    yield _logs(context, f"the log of {name}", runs * logged / GIGABYTE)


def _logs(context: Context, what: str, written: float) -> Line:
    cost = context.prices.cost("log-gigabyte-in", written) + context.prices.cost("log-gigabyte-month", written)
    return Line(group="Logs", text=f"{what}, about {written:.1f} GB", cost=cost)


RULES: dict[str, Rule] = {
    "AWS::CloudWatch::Alarm": _alarm,
    "AWS::CloudWatch::CompositeAlarm": _composite_alarm,
    "AWS::CloudWatch::Dashboard": _dashboard,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::FlowLog": _flow_log,
    "AWS::EC2::NatGateway": _nat_gateway,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::ElastiCache::ReplicationGroup": _cache,
    "AWS::Events::Rule": _schedule,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Function": _function,
    "AWS::MSK::Cluster": _cluster,
    "AWS::RDS::DBInstance": _database,
    "AWS::RDS::DBProxy": _proxy,
    "AWS::SecretsManager::Secret": _secret,
    "AWS::WAFv2::WebACL": _firewall,
}
"""By type; `whole_stage.py` prices what single resources do not tell."""
