"""What people look at, and what wakes them."""

import json

from tests.infra.assembly import Assembly

ALARMS = {
    "api-server-errors",
    "submit-errors",
    "oldest-pending-job",
    "dlq-growing",
    "outbox-backlog",
    "relay-not-running",
    "relay-errors",
    "process-errors",
    "classify-errors",
}


def _alarms(assembly: Assembly) -> dict[str, dict[str, object]]:
    return {
        alarm["Properties"]["AlarmName"].removeprefix(f"smartqueue-{assembly.stage}-"): alarm["Properties"]
        for alarm in assembly.resources("Observability", "AWS::CloudWatch::Alarm").values()
    }


def test_the_alarms_are_known(local: Assembly, cloud: Assembly) -> None:
    assert _alarms(local).keys() == ALARMS
    assert _alarms(cloud).keys() == ALARMS | {"job-failure-ratio"}


def test_an_alarm_says_where_to_read_on(cloud: Assembly) -> None:
    for name, alarm in _alarms(cloud).items():
        assert str(alarm["AlarmDescription"]).endswith(f"docs/operations.md#{name}")


def test_an_alarm_and_its_end_reach_the_topic(cloud: Assembly) -> None:
    (topic,) = cloud.resources("Observability", "AWS::SNS::Topic")
    for alarm in _alarms(cloud).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_silence_of_the_relay_is_an_alarm(local: Assembly) -> None:
    assert _alarms(local)["relay-not-running"]["TreatMissingData"] == "breaching"


def test_local_alarms_do_no_arithmetic(local: Assembly) -> None:
    assert not [name for name, alarm in _alarms(local).items() if "Metrics" in alarm]


def test_the_dashboard_shows_every_function_and_the_metrics_of_the_jobs(local: Assembly) -> None:
    (dashboard,) = local.resources("Observability", "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["Properties"]["DashboardBody"])
    assert all(f"smartqueue-local-{name}" in body for name in local.functions)
    for metric in ("jobs_created_total", "job_processing_duration_seconds", "active_jobs_count", "dlq_size"):
        assert metric in body


def test_watching_never_holds_back_a_deployment_of_the_service(local: Assembly) -> None:
    assert "Fn::ImportValue" not in json.dumps(local.template("Observability"))
