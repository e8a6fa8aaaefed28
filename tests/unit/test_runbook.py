"""The runbook and the alarms belong together: none without the other."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_alarm_has_its_section_and_every_section_its_alarm() -> None:
    alarms = set(re.findall(r'self\._alarm\(\s*"([a-z-]+)"', (ROOT / "infra/cdk/components/alarms.py").read_text()))
    sections = set(re.findall(r"^## ([a-z-]+)$", (ROOT / "docs/operations.md").read_text(), re.MULTILINE))
    assert alarms
    assert sections == alarms
