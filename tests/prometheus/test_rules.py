"""The rules: promtool's own checks, and every expression over real samples."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from infra.cdk.components import alarms_jobs
from localstack.paths import ROOT
from tests.e2e.waiting import wait_until
from tests.prometheus.board import RULES, SAMPLE, alerts, metrics_in, recordings, rules
from tests.prometheus.conftest import STAGES
from tests.prometheus.expected import ALERTS, RECORDINGS
from tests.prometheus.server import find_tools, is_same

if TYPE_CHECKING:
    from tests.prometheus.conftest import World

HISTORIES = Path(__file__).with_name("alerts.yml")
# What the CloudWatch alarm on the same thing compares with.
THRESHOLDS = {
    "SmartQueueJobsFailing": (f">= {alarms_jobs.FEWEST_FAILED}", f"> {alarms_jobs.FAILED_PERCENT / 100:g}"),
    "SmartQueueJobsWaiting": (f"> {alarms_jobs.WAITING_SECONDS}",),
    "SmartQueueOutboxBacklog": (f"> {alarms_jobs.UNPUBLISHED_MESSAGES}",),
    "SmartQueueModelAway": (f">= {alarms_jobs.FEWEST_UNDECIDED}", f"> {alarms_jobs.UNDECIDED_PERCENT / 100:g}"),
}


def test_every_rule_has_an_expectation_and_every_expectation_a_rule() -> None:
    assert recordings().keys() == RECORDINGS.keys()
    assert alerts().keys() == ALERTS.keys()
    assert len(rules()) == len(RECORDINGS) + len(ALERTS), "two rules of one name"


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", RECORDINGS)
def test_a_recording_says_what_the_samples_say(name: str, stage: str, world: World) -> None:
    assert is_same(world.value(recordings()[name], stage=stage), RECORDINGS[name](world.readings(stage)))


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_reason_when_the_samples_give_one(name: str, stage: str, world: World) -> None:
    assert is_same(world.value(alerts()[name], stage=stage), ALERTS[name](world.readings(stage)))


def test_the_failure_ratio_is_that_of_the_jobs(world: World) -> None:
    failed, completed = (world.story.numbers[f"jobs_{end}_total"] for end in ("failed", "completed"))
    ratio = world.value(recordings()["stage:job_failure_ratio:rate5m"], stage="local")
    assert ratio == pytest.approx(failed / (failed + completed))


def test_a_server_evaluates_them_all(world: World) -> None:
    def evaluated() -> bool:
        known = [rule for group in world.server.get("rules")["groups"] for rule in group["rules"]]
        assert [rule["lastError"] for rule in known if rule.get("lastError")] == []
        return len(known) == len(rules()) and all(rule["health"] == "ok" for rule in known)

    wait_until(evaluated, "an evaluation of every rule")
    for name in RECORDINGS:
        assert {one.labels["stage"] for one in world.server.query(name)} >= {"local", "busy"}, name


def test_rules_and_sample_configuration_are_well_formed() -> None:
    find_tools().check("check", "rules", "--lint-fatal", RULES)
    find_tools().check("check", "config", "--syntax-only", SAMPLE)


def test_alerts_fire_when_they_should_and_only_then() -> None:
    find_tools().check("test", "rules", HISTORIES)


def test_every_alert_is_tried_both_ways() -> None:
    tried: dict[str, set[str]] = {"fires": set(), "keeps quiet": set()}
    for history in yaml.safe_load(HISTORIES.read_text(encoding="utf-8"))["tests"]:
        for look in history["alert_rule_test"]:
            tried["fires" if look["exp_alerts"] else "keeps quiet"].add(look["alertname"])
    assert tried == {"fires": alerts().keys(), "keeps quiet": alerts().keys()}


@pytest.mark.parametrize("name", THRESHOLDS)
def test_thresholds_are_those_of_the_cloudwatch_alarms(name: str) -> None:
    for threshold in THRESHOLDS[name]:
        assert alerts()[name].rstrip().endswith(threshold) or f"{threshold}\n" in alerts()[name], threshold


def test_every_alert_leads_to_a_section_of_the_runbook() -> None:
    for rule in rules():
        if "alert" in rule:
            path, _, section = rule["annotations"]["runbook"].partition("#")
            assert f"\n## {section}\n" in (ROOT / path).read_text(encoding="utf-8"), rule["alert"]
            assert rule["labels"]["severity"] in {"page", "ticket"}


def test_rules_ask_for_our_job_alone() -> None:
    for rule in rules():
        assert rule["expr"].count('{job="smartqueue"}') == rule["expr"].count("{") > 0
        assert metrics_in(rule["expr"])
