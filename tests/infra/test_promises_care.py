"""Promise: every function is watched, its log ends, nothing it is given gets lost; data outlives its stack in prod."""

import importlib
from collections import defaultdict

from smartqueue.settings import EnvironmentModel
from tests.infra.assembly import FOR_TESTS_ALONE, Assembly
from tests.infra.survey import Found, everything, flat, functions, of_kind

# Of clusters with user names and passwords; these stages log in with IAM.
FOR_PASSWORDS = {"KAFKA_SECRET_ID", "KAFKA_CA_FILE"}
# Who calls functions, and what happens to a call that fails. The last two are looked at below.
RETRIES = {
    "apigateway.amazonaws.com": "The caller waits for the answer, sees the error, and asks again.",
    "secretsmanager.amazonaws.com": "Secrets Manager repeats a rotation that failed.",
    "cloudformation": "CloudFormation fails the deployment, and rolls it back.",
    "events.amazonaws.com": "The rule's target says how often and how long.",
    "kafka": "The event source mapping says how often, and where what failed goes.",
}
HOLDS_DATA = {
    "AWS::RDS::DBInstance",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::MSK::Topic",
    "AWS::MSK::Cluster",
    "AWS::SecretsManager::Secret",
    "AWS::Logs::LogGroup",
    "AWS::KMS::Key",
    "AWS::APS::Workspace",
    "AWS::SQS::Queue",
    "AWS::S3::Bucket",
}
# What holds data by its type, and yet may go.
EXPENDABLE = {
    "Messages of the topic smartqueue-prod-alarms.": "The key encrypts messages on their way, and none that lies.",
}
KEPT = {"Retain", "RetainExceptOnCreate", "Snapshot"}


def test_every_function_has_an_alarm(stage: Assembly) -> None:
    alarms = {alarm.properties["AlarmName"]: alarm.properties for alarm in of_kind(stage, "AWS::CloudWatch::Alarm")}
    assert functions(stage)
    for name in functions(stage):
        full = f"smartqueue-{stage.stage}-{name}"
        alarm = alarms[f"{full}-errors"]
        parts = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", ()) if "MetricStat" in query]
        (errors,) = (metric for metric in (alarm, *parts) if metric.get("MetricName") == "Errors")
        assert errors["Namespace"] == "AWS/Lambda", name
        assert {"Name": "FunctionName", "Value": full} in errors["Dimensions"], name


def test_every_log_ends_after_its_time(stage: Assembly) -> None:
    logs = {(log.stack, log.logical_id): log for log in of_kind(stage, "AWS::Logs::LogGroup")}
    for log in logs.values():
        assert log.properties["RetentionInDays"] > 0, log
    # Helpers of the CDK too: left to itself, Lambda makes a log that never ends and that no stack removes.
    for found in of_kind(stage, "AWS::Lambda::Function"):
        assert (found.stack, found.properties["LoggingConfig"]["LogGroup"]["Ref"]) in logs, found


def test_no_call_of_a_function_gets_lost(stage: Assembly) -> None:
    callers = _callers(stage)
    assert callers.keys() == functions(stage).keys()
    unknown = {name: found - RETRIES.keys() for name, found in callers.items() if not found or found - RETRIES.keys()}
    assert unknown == {}
    for rule in of_kind(stage, "AWS::Events::Rule"):
        for target in rule.properties["Targets"]:
            assert {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= target["RetryPolicy"].keys(), rule
    for mapping in of_kind(stage, "AWS::Lambda::EventSourceMapping"):
        if mapping.properties.get("ProvisionedPollerConfig"):
            assert mapping.properties["MaximumRetryAttempts"] >= 0, mapping
            assert mapping.properties["DestinationConfig"]["OnFailure"]["Destination"], mapping
        else:
            # Without pollers of our own, a batch comes again until its records expire: it may not have an end.
            assert not mapping.properties.keys() & {"MaximumRetryAttempts", "DestinationConfig"}, mapping


def test_every_function_says_how_often_lambda_repeats_a_call_that_nobody_waits_for(stage: Assembly) -> None:
    configured = {
        (config.properties["FunctionName"]["Ref"], config.properties["Qualifier"]): config.properties
        for config in of_kind(stage, "AWS::Lambda::EventInvokeConfig")
    }
    for name, found in functions(stage).items():
        config = configured[found.logical_id, "live" if _alias(stage, found) else "$LATEST"]
        assert {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= config.keys(), name


def test_a_function_is_told_exactly_what_its_settings_read(stage: Assembly) -> None:
    for name, found in functions(stage).items():
        settings: type[EnvironmentModel] = importlib.import_module(f"functions.{name}.settings").Settings
        given = {key for key in found.properties["Environment"]["Variables"] if not key.startswith("POWERTOOLS_")}
        assert given == settings.variables() - FOR_TESTS_ALONE - FOR_PASSWORDS, name


def test_a_functions_settings_accept_what_it_is_told(stage: Assembly) -> None:
    for name, found in functions(stage).items():
        settings: type[EnvironmentModel] = importlib.import_module(f"functions.{name}.settings").Settings
        variables = found.properties["Environment"]["Variables"]
        # What only the deployment resolves can be an address or a port.
        given = {key: value if isinstance(value, str) else "1" for key, value in variables.items()}
        assert settings.from_environment(given), name


def test_in_prod_whatever_holds_data_outlives_its_stack(prod: Assembly) -> None:
    holding = [found for found in everything(prod) if found.kind in HOLDS_DATA]
    expendable = [found for found in holding if found.properties.get("Description") in EXPENDABLE]
    assert len(expendable) == len(EXPENDABLE)
    for found in holding:
        if found not in expendable:
            assert found.resource.get("DeletionPolicy") in KEPT, found
            assert found.resource.get("UpdateReplacePolicy") in KEPT, found
    (database,) = of_kind(prod, "AWS::RDS::DBInstance")
    assert database.properties["DeletionProtection"] is True


def test_dev_goes_away_without_a_trace(dev: Assembly) -> None:
    kept = [
        str(found)
        for found in everything(dev)
        if found.resource.get("DeletionPolicy", "Delete") != "Delete" or found.properties.get("DeletionProtection")
    ]
    assert kept == []
    (database,) = of_kind(dev, "AWS::RDS::DBInstance")
    assert database.properties["DeleteAutomatedBackups"] is True


def _callers(stage: Assembly) -> dict[str, set[str]]:
    """Who may call each function."""
    known = functions(stage)
    callers: dict[str, set[str]] = defaultdict(set)
    for found in everything(stage):
        for name, function in known.items():
            if caller := _calls(found, function, _alias(stage, function)):
                callers[name].add(caller)
    return callers


def _calls(found: Found, function: Found, alias: str | None) -> str | None:
    """Who calls `function` by the word of the resource `found`."""
    target = {
        "AWS::Lambda::Permission": "FunctionName",
        "AWS::Lambda::EventSourceMapping": "FunctionName",
        "AWS::CloudFormation::CustomResource": "ServiceToken",
    }.get(found.kind, "ServiceToken" if found.kind.startswith("Custom::") else None)
    if target is None:
        return None
    named = flat(found.properties.get(target, ""))
    if not any(logical_id in named for logical_id in (function.logical_id, alias) if logical_id):
        return None
    if found.kind == "AWS::Lambda::Permission":
        return str(found.properties["Principal"])
    return "kafka" if found.kind == "AWS::Lambda::EventSourceMapping" else "cloudformation"


def _alias(stage: Assembly, function: Found) -> str | None:
    for alias in of_kind(stage, "AWS::Lambda::Alias"):
        if function.logical_id in flat(alias.properties["FunctionName"]):
            return alias.logical_id
    return None
