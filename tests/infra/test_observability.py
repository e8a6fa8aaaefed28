"""What people look at, and what wakes them."""

import json
import re
from typing import Any

import pytest

from infra.cdk.components.alarms_composite import COMPOSITES
from infra.cdk.settings import FUNCTIONS, StageSettings
from infra.cdk.stacks.observability import ObservabilityStack
from infra.cdk.stages import DEV, PROD
from tests.infra.assembly import Assembly
from tests.infra.conftest import synthesised

LOCAL_ALARMS = {
    "api-server-errors",
    "submit-latency",
    "oldest-pending-job",
    "dlq-growing",
    "outbox-backlog",
    "relay-not-running",
    "submit-errors",
    "relay-errors",
    "process-errors",
    "classify-errors",
    "jobs-unaccounted",
    "audit-trail-broken",
}
DEV_ALARMS = {
    *("api-server-errors", "submit-server-errors", "submit-latency"),
    *("job-failure-ratio", "dlq-growing", "model-away"),
    *("oldest-pending-job", "outbox-backlog", "relay-not-running"),
    *("consumer-lag-processor", "consumer-lag-classifier", "consumer-stalled-processor", "consumer-stalled-classifier"),
    *("jobs-unaccounted", "audit-trail-broken", "seal-missing"),
    *("functions-throttled", "concurrency-near-reserve", "metrics-export-failing"),
    *("database-cpu", "database-connections", "database-storage", "database-transaction-ids"),
    *("kafka-offline-partitions", "kafka-under-replicated", "kafka-disk", "kafka-connections"),
    *("cache-memory", "cache-evictions", "cache-cpu"),
}
RINGING = {
    *("jobs-not-accepted", "jobs-not-moving", "jobs-failing", "records-in-doubt"),
    *("resources-strained", "housekeeping"),
}


def watching(stage: StageSettings, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The stack of a stage by itself; it knows all others by name only."""

    def describe(app: Any, stage: StageSettings) -> None:
        ObservabilityStack(app, f"SmartQueue-{stage.name}-Observability", stage=stage, functions=FUNCTIONS)

    return synthesised(tmp_path_factory.mktemp(stage.name), stage, describe, bundle=False)


@pytest.fixture(scope="module")
def watched_dev(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return watching(DEV, tmp_path_factory)


@pytest.fixture(scope="module")
def watched_prod(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    settings = {"alarm-email": "ops@example.com", "account": "111111111111"}
    return watching(PROD.with_values(settings), tmp_path_factory)


def _alarms(
    assembly: Assembly, kind: str = "AWS::CloudWatch::Alarm", stack: str = "Observability"
) -> dict[str, dict[str, Any]]:
    return {
        alarm["Properties"]["AlarmName"].removeprefix(f"smartqueue-{assembly.stage}-"): alarm["Properties"]
        for alarm in assembly.resources(stack, kind).values()
    }


def _composites(assembly: Assembly) -> dict[str, dict[str, Any]]:
    return _alarms(assembly, "AWS::CloudWatch::CompositeAlarm")


def _members(assembly: Assembly, composite: str) -> set[str]:
    """The names of the alarms in a composite's rule."""
    resources = assembly.template("Observability")["Resources"]
    rule = _composites(assembly)[composite]["AlarmRule"]
    inside = {
        resources[part["Fn::GetAtt"][0]]["Properties"]["AlarmName"]
        for part in rule["Fn::Join"][1]
        if "Fn::GetAtt" in part
    }
    beside = re.findall(r":alarm:([a-z-]+)", json.dumps(rule))
    return {name.removeprefix(f"smartqueue-{assembly.stage}-") for name in {*inside, *beside}}


def test_the_alarms_are_known(local: Assembly, watched_dev: Assembly, watched_prod: Assembly) -> None:
    assert _alarms(local).keys() == LOCAL_ALARMS
    assert _alarms(watched_dev).keys() == DEV_ALARMS
    # dev has no pollers of its own that give up.
    assert _alarms(watched_prod).keys() == DEV_ALARMS | {"undelivered-batches"}
    assert _composites(local) == {}
    assert _composites(watched_dev).keys() == _composites(watched_prod).keys() == RINGING | {"users-affected"}


def test_no_two_stages_watch_the_same_metrics(watched_prod: Assembly) -> None:
    assert not re.findall(r"smartqueue-(?!prod\b)[a-z]+|smartqueue/(?!prod\b)", json.dumps(_alarms(watched_prod)))
    assert '"dev"' not in json.dumps(_alarms(watched_prod))


@pytest.mark.parametrize("name", sorted(DEV_ALARMS))
def test_an_alarm_reaches_the_topic_through_one_composite_only(watched_dev: Assembly, name: str) -> None:
    alarm = _alarms(watched_dev)[name]
    assert "AlarmActions" not in alarm
    assert "OKActions" not in alarm
    assert len([composite for composite in RINGING if name in _members(watched_dev, composite)]) == 1


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_errors_of_every_function_reach_the_topic(watched_dev: Assembly, function: str) -> None:
    assert len([name for name in RINGING if f"{function}-errors" in _members(watched_dev, name)]) == 1


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_alarm_that_a_composite_names_exists_before_it(request: pytest.FixtureRequest, stage: str) -> None:
    assembly: Assembly = request.getfixturevalue(stage)
    named = set().union(*(_members(assembly, composite) for composite in _composites(assembly)))
    beside = _alarms(assembly, stack="Service") | _alarms(assembly, stack="Prometheus")
    assert named - _alarms(assembly).keys() - _composites(assembly).keys() == beside.keys()
    manifest = json.loads((assembly.folder / "manifest.json").read_text(encoding="utf-8"))["artifacts"]
    before = manifest[f"SmartQueue-{stage}-Observability"]["dependencies"]
    assert {f"SmartQueue-{stage}-Service", f"SmartQueue-{stage}-Prometheus"} <= set(before)


def test_what_rings_and_its_end_reach_the_topic(watched_dev: Assembly) -> None:
    (topic,) = watched_dev.resources("Observability", "AWS::SNS::Topic")
    for name, alarm in _composites(watched_dev).items():
        wanted = [{"Ref": topic}] if name in RINGING else None
        assert alarm.get("AlarmActions") == alarm.get("OKActions") == wanted


def test_without_composites_every_alarm_rings_itself(local: Assembly) -> None:
    (topic,) = local.resources("Observability", "AWS::SNS::Topic")
    for alarm in _alarms(local).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_a_lesser_alarm_keeps_quiet_while_a_worse_one_rings(watched_dev: Assembly) -> None:
    resources = watched_dev.template("Observability")["Resources"]
    quiet = {
        name: resources[alarm["ActionsSuppressor"]["Fn::GetAtt"][0]]["Properties"]["AlarmName"]
        for name, alarm in _composites(watched_dev).items()
        if "ActionsSuppressor" in alarm
    }
    assert quiet == {
        "jobs-not-moving": "smartqueue-dev-jobs-not-accepted",
        "resources-strained": "smartqueue-dev-users-affected",
        "housekeeping": "smartqueue-dev-users-affected",
    }


@pytest.mark.parametrize(
    ("sees_it_early", "quiet", "called_for"),
    [
        # The database is away: batches fail, and so do callers.
        ("process-errors", "jobs-not-moving", "api-server-errors"),
        ("process-errors", "jobs-not-moving", "submit-server-errors"),
        ("consumer-stalled-processor", "jobs-not-moving", "api-server-errors"),
        # Kafka is away, or short of replicas.
        ("kafka-offline-partitions", "resources-strained", "outbox-backlog"),
        ("kafka-under-replicated", "resources-strained", "outbox-backlog"),
        # The database is at its limit.
        ("database-connections", "resources-strained", "submit-server-errors"),
        ("database-cpu", "resources-strained", "submit-latency"),
        # Functions are held back.
        ("functions-throttled", "resources-strained", "oldest-pending-job"),
    ],
)
def test_a_lesser_alarm_waits_until_the_worse_one_had_time_to_notice(
    dev: Assembly, sees_it_early: str, quiet: str, called_for: str
) -> None:
    alarms = _alarms(dev) | _alarms(dev, stack="Service")

    def minutes(name: str) -> float:
        alarm = alarms[name]
        return float(alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"]) * _period(alarm) / 60)

    assert sees_it_early in _members(dev, quiet)
    wait = _composites(dev)[quiet]["ActionsSuppressorWaitPeriod"] / 60
    # A minute more, since metrics of different services come at different times.
    assert minutes(called_for) + 1 <= minutes(sees_it_early) + wait


def _period(alarm: dict[str, Any]) -> int:
    if "Period" in alarm:
        return int(alarm["Period"])
    return int(next(part["MetricStat"]["Period"] for part in alarm["Metrics"] if "MetricStat" in part))


def test_every_composite_that_is_described_exists(watched_dev: Assembly) -> None:
    assert [composite.name for composite in COMPOSITES] == list(_composites(watched_dev))


def test_only_alarms_of_the_stage_may_publish_and_only_encrypted(watched_prod: Assembly) -> None:
    (topic,) = watched_prod.resources("Observability", "AWS::SNS::Topic").values()
    (key_id,) = watched_prod.resources("Observability", "AWS::KMS::Key")
    assert topic["Properties"]["KmsMasterKeyId"] == {"Fn::GetAtt": [key_id, "Arn"]}
    (policy,) = watched_prod.resources("Observability", "AWS::SNS::TopicPolicy").values()
    statements = policy["Properties"]["PolicyDocument"]["Statement"]
    allowed = [statement for statement in statements if statement["Effect"] == "Allow"]
    assert [statement["Principal"] for statement in allowed] == [{"Service": "cloudwatch.amazonaws.com"}]
    assert "alarm:smartqueue-prod-*" in json.dumps(allowed[0]["Condition"]["ArnLike"]["aws:SourceArn"])
    denied = [statement for statement in statements if statement["Effect"] == "Deny"]
    assert [statement["Condition"] for statement in denied] == [{"Bool": {"aws:SecureTransport": "false"}}]


def test_alarms_may_use_the_key_that_encrypts_their_messages(watched_prod: Assembly) -> None:
    (key,) = watched_prod.resources("Observability", "AWS::KMS::Key").values()
    statements = key["Properties"]["KeyPolicy"]["Statement"]
    alarms = [s for s in statements if s["Principal"] == {"Service": "cloudwatch.amazonaws.com"}]
    assert [sorted(statement["Action"]) for statement in alarms] == [["kms:Decrypt", "kms:GenerateDataKey"]]
    assert key["Properties"]["EnableKeyRotation"] is True


def test_the_address_of_the_stage_is_subscribed(watched_dev: Assembly, watched_prod: Assembly) -> None:
    (subscription,) = watched_prod.resources("Observability", "AWS::SNS::Subscription").values()
    assert subscription["Properties"]["Protocol"] == "email"
    assert subscription["Properties"]["Endpoint"] == "ops@example.com"
    assert watched_dev.resources("Observability", "AWS::SNS::Subscription") == {}


def test_silence_is_an_alarm_where_something_must_go_on_all_the_time(watched_prod: Assembly) -> None:
    breaching = {name for name, alarm in _alarms(watched_prod).items() if alarm["TreatMissingData"] == "breaching"}
    assert breaching == {"relay-not-running", "metrics-export-failing", "seal-missing"}


def test_silence_of_whoever_measures_does_not_end_the_alarms_on_what_it_measures(watched_prod: Assembly) -> None:
    ignoring = {name for name, alarm in _alarms(watched_prod).items() if alarm["TreatMissingData"] == "ignore"}
    assert ignoring == {"oldest-pending-job", "outbox-backlog", "jobs-unaccounted", "audit-trail-broken"}


def test_an_alarm_takes_no_more_metrics_than_cloudwatch_allows(watched_prod: Assembly) -> None:
    for alarm in _alarms(watched_prod).values():
        assert len([part for part in alarm.get("Metrics", ()) if "MetricStat" in part]) <= 10


def test_local_alarms_do_no_arithmetic(local: Assembly) -> None:
    assert not [name for name, alarm in _alarms(local).items() if "Metrics" in alarm]


def test_watching_never_holds_back_a_deployment_of_the_service(local: Assembly, watched_prod: Assembly) -> None:
    assert "Fn::ImportValue" not in json.dumps(local.template("Observability"))
    assert "Fn::ImportValue" not in json.dumps(watched_prod.template("Observability"))
