"""The runbook and the alarms belong together: none without the other, in any stage."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.infra.assembly import Assembly

ROOT = Path(__file__).parents[2]
RUNBOOK = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
ALARMS = {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"}


def _resources(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for path in assembly.folder.glob("*.template.json"):
        yield from assembly.template(path.name.split(".")[0].rpartition("-")[2])["Resources"].values()


def _alarms(assembly: Assembly) -> dict[str, str]:
    """The alarms of all stacks by name, with their descriptions."""
    found = [resource["Properties"] for resource in _resources(assembly) if resource["Type"] in ALARMS]
    return {alarm["AlarmName"]: alarm["AlarmDescription"] for alarm in found}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


@pytest.fixture(scope="module", params=["local", "dev", "prod"])
def stage(request: pytest.FixtureRequest) -> Assembly:
    """Each stage in turn."""
    assembly: Assembly = request.getfixturevalue(request.param)
    return assembly


def _sections() -> set[str]:
    return set(re.findall(r"^## ([a-z-]+)$", RUNBOOK, re.MULTILINE))


def test_every_alarm_leads_to_a_section(stage: Assembly) -> None:
    alarms = _alarms(stage)
    assert alarms
    for name, description in alarms.items():
        leads = re.search(r" docs/operations\.md#([a-z-]+)$", description)
        assert leads, f"{name} does not say where to read on"
        assert leads[1] in _sections(), f"{name} leads to a section that does not exist"


def test_every_section_has_an_alarm(local: Assembly, dev: Assembly, prod: Assembly) -> None:
    led_to = {
        description.rpartition("#")[2] for assembly in (local, dev, prod) for description in _alarms(assembly).values()
    }
    assert _sections() == led_to


def test_every_rule_of_prometheus_leads_to_a_section() -> None:
    rules = (ROOT / "infra/prometheus/rules.yml").read_text(encoding="utf-8")
    led_to = set(re.findall(r"docs/operations\.md#([a-z-]+)", rules))
    assert led_to
    assert led_to <= _sections()


def test_everything_that_is_named_exists(dev: Assembly, prod: Assembly) -> None:
    strings = {text for assembly in (dev, prod) for resource in _resources(assembly) for text in _strings(resource)}
    known = {re.sub(r"\b(dev|prod)\b", "$STAGE", text) for text in strings}
    named = set(re.findall(r"smartqueue[-/]\$STAGE(?:[-/][a-z0-9-]*[a-z0-9])*(?::[a-z]+)?", RUNBOOK))
    assert "smartqueue-$STAGE-process:live" in named
    assert "smartqueue-$STAGE-relay" in named
    assert "smartqueue/$STAGE/openai" in named
    # `smartqueue/$STAGE` alone is the beginning of all secrets' names.
    assert named - known == {"smartqueue/$STAGE"}
