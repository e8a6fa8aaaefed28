"""What a month costs before the first job."""

from typing import Any

import pytest

from infra.cost.idle import UnknownResourceError, idle_lines
from infra.cost.prices import UnknownPriceError
from infra.cost.rules import UnpricedSettingError
from tests.unit.cost.builders import USAGE, Described, function, stage_of

HOURS = 730
RELAY_SECONDS = 57
CLUSTER = {
    "NumberOfBrokerNodes": 3,
    "BrokerNodeGroupInfo": {
        "InstanceType": "kafka.m7g.large",
        "StorageInfo": {"EBSStorageInfo": {"VolumeSize": 100}},
    },
}


def cost(group: str, *resources: Described) -> float:
    """What the lines of one group come to."""
    return sum(line.cost.likely for line in idle_lines(stage_of(*resources)) if line.group == group)


def test_gateways_are_paid_by_the_hour_with_their_addresses() -> None:
    gateways: list[Described] = [("AWS::EC2::NatGateway", {}), ("AWS::EC2::EIP", {})] * 3
    assert cost("Network", *gateways) == pytest.approx(3 * HOURS * (0.045 + 0.005))


def test_interface_endpoints_are_paid_in_each_zone_and_gateway_endpoints_never() -> None:
    interface = {"VpcEndpointType": "Interface", "SubnetIds": ["a", "b", "c"]}
    endpoints: list[Described] = [
        ("AWS::EC2::VPCEndpoint", interface),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}),
    ]
    assert cost("Network", *endpoints) == pytest.approx(3 * HOURS * 0.01)


@pytest.mark.parametrize(("multi_az", "zones"), [(True, 2), (False, 1)])
def test_a_standby_doubles_the_server_and_its_disk(multi_az: bool, zones: int) -> None:
    database = {"DBInstanceClass": "db.t4g.small", "MultiAZ": multi_az, "AllocatedStorage": "100"}
    assert cost("PostgreSQL", ("AWS::RDS::DBInstance", database)) == pytest.approx(
        zones * (HOURS * 0.032 + 100 * 0.115)
    )


def test_a_proxy_is_paid_for_the_processors_of_its_database() -> None:
    database = {"DBInstanceClass": "db.t4g.small", "AllocatedStorage": "0"}
    both = cost("PostgreSQL", ("AWS::RDS::DBInstance", database), ("AWS::RDS::DBProxy", {}))
    assert both == pytest.approx(HOURS * (0.032 + 2 * 0.015))


def test_brokers_are_paid_by_the_hour_and_their_disks_by_size() -> None:
    assert cost("Kafka", ("AWS::MSK::Cluster", CLUSTER)) == pytest.approx(3 * (HOURS * 0.204 + 100 * 0.10))


@pytest.mark.parametrize(
    ("pollers", "units"),
    [
        ([{"MinimumPollers": 1, "PollerGroupName": "one"}, {"MinimumPollers": 1, "PollerGroupName": "one"}], 1),
        ([{"MinimumPollers": 1}, {"MinimumPollers": 1}], 2),
        ([{"MinimumPollers": 11}], 2),
        ([None, None], 0),
    ],
)
def test_ten_pollers_of_one_group_share_a_unit(pollers: list[dict[str, Any] | None], units: int) -> None:
    mappings: list[Described] = [
        ("AWS::Lambda::EventSourceMapping", {"ProvisionedPollerConfig": config} if config else {}) for config in pollers
    ]
    assert cost("Kafka", *mappings) == pytest.approx(units * HOURS * 0.185)


@pytest.mark.parametrize(
    "shape", [{"NumCacheClusters": 2}, {"NumNodeGroups": 1, "ReplicasPerNodeGroup": 1}, {"NumNodeGroups": 2}]
)
def test_every_node_of_the_cache_is_paid(shape: dict[str, Any]) -> None:
    group = {"CacheNodeType": "cache.t4g.small", **shape}
    assert cost("Valkey", ("AWS::ElastiCache::ReplicationGroup", group)) == pytest.approx(2 * HOURS * 0.0256)


def test_the_firewall_is_paid_by_its_rules() -> None:
    assert cost("API", ("AWS::WAFv2::WebACL", {"Rules": [{}, {}, {}]})) == pytest.approx(5 + 3 * 1)


def test_an_alarm_is_paid_for_each_metric_that_it_reads() -> None:
    arithmetic = {"Metrics": [{"MetricStat": {"Metric": {}}}, {"MetricStat": {"Metric": {}}}, {"Expression": "a/b"}]}
    alarms: list[Described] = [
        ("AWS::CloudWatch::Alarm", {"MetricName": "Errors"}),
        ("AWS::CloudWatch::Alarm", arithmetic),
    ]
    others: list[Described] = [
        ("AWS::CloudWatch::CompositeAlarm", {}),
        ("AWS::CloudWatch::Dashboard", {"DashboardBody": "{}"}),
    ]
    assert cost("Watching", *alarms, *others) == pytest.approx(0.10 + 2 * 0.10 + 0.50 + 3.00)


def test_the_relay_is_paid_for_almost_all_of_the_time() -> None:
    rule = ("AWS::Events::Rule", {"Name": "smartqueue-prod-relay", "ScheduleExpression": "rate(1 minute)"})
    relay = function("relay", 512, RELAY_RUN_SECONDS=str(RELAY_SECONDS))
    runs = HOURS * 60
    assert cost("Lambda", rule, relay) == pytest.approx(runs * (RELAY_SECONDS * 0.5 * 0.0000133334 + 0.20 / 1e6))
    written = runs * USAGE.idle.relay_log_bytes / 1e9
    assert cost("Logs", rule, relay) == pytest.approx(written * (0.50 + 0.03))


def test_a_schedule_of_once_a_day_is_paid_for_thirty_times() -> None:
    rule = ("AWS::Events::Rule", {"Name": "smartqueue-prod-seal", "ScheduleExpression": "cron(17 3 * * ? *)"})
    runs, seconds = HOURS / 24, USAGE.idle.seal_seconds
    assert cost("Lambda", rule, function("seal", 512)) == pytest.approx(
        runs * (seconds * 0.5 * 0.0000133334 + 0.20 / 1e6)
    )


def test_a_schedule_of_unknown_frequency_is_refused() -> None:
    rule = ("AWS::Events::Rule", {"Name": "smartqueue-prod-seal", "ScheduleExpression": "cron(17 * * * ? *)"})
    with pytest.raises(UnpricedSettingError, match="no idea how often"):
        cost("Lambda", rule, function("seal", 512))


def test_snapshots_are_kept_warm_all_month() -> None:
    kind, properties = function("submit", 1024)
    snapped = {**properties, "SnapStart": {"ApplyOn": "PublishedVersions"}}
    assert cost("Lambda", (kind, snapped)) == pytest.approx(HOURS * 3600 * 0.0000015046)
    assert cost("Lambda", (kind, properties)) == 0


def test_job_metrics_are_counted_once_wherever_they_are_named() -> None:
    body = '{"widgets":[{"metrics":[["SmartTaskQueue","dlq_size","service","smartqueue","stage","prod",{"x":1}]]}]}'
    alarm = {
        "Namespace": "SmartTaskQueue",
        "MetricName": "dlq_size",
        "Dimensions": [{"Name": "stage", "Value": "prod"}, {"Name": "service", "Value": "smartqueue"}],
    }
    other = {**alarm, "MetricName": "outbox_backlog"}
    found = stage_of(
        ("AWS::CloudWatch::Dashboard", {"DashboardBody": {"Fn::Join": ["", [body, {"Ref": "AWS::Region"}]]}}),
        ("AWS::CloudWatch::Alarm", alarm),
        ("AWS::CloudWatch::Alarm", other),
    )
    (line,) = [line for line in idle_lines(found) if line.text == "2 metrics of jobs"]
    assert line.cost.likely == pytest.approx(2 * 0.30)


def test_what_is_neither_priced_nor_free_stops_the_script() -> None:
    with pytest.raises(UnknownResourceError, match="AWS::SageMaker::Endpoint"):
        idle_lines(stage_of(("AWS::SageMaker::Endpoint", {})))


def test_a_size_without_a_price_stops_the_script() -> None:
    database = {"DBInstanceClass": "db.x2idn.32xlarge", "AllocatedStorage": "1"}
    with pytest.raises(UnknownPriceError, match=r"db\.x2idn\.32xlarge"):
        idle_lines(stage_of(("AWS::RDS::DBInstance", database)))


def test_paid_extras_without_a_price_stop_the_script() -> None:
    with pytest.raises(UnpricedSettingError, match="metrics beyond the default"):
        idle_lines(stage_of(("AWS::MSK::Cluster", {**CLUSTER, "EnhancedMonitoring": "PER_BROKER"})))
