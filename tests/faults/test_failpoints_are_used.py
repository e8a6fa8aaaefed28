"""Every failpoint that the code has is broken by some fault, and no fault names one that is not there."""

import re
from pathlib import Path

from tests.faults.failpoints import POINTS

ROOT = Path(__file__).parents[2]
# The first argument of whatever makes a failpoint; purposes of the cache have blanks in them.
USES = re.compile(r'\b(?:commit_boundary|boundary|reach|cache_optional)\("([a-z .-]+?)(?:\.(?:before|after))?"')
# Logging in is no step of a job.
NO_STEPS = {"login-limit"}


def test_every_failpoint_of_the_code_is_broken_by_a_fault() -> None:
    folders = (
        ROOT / "functions",
        ROOT / "layers" / "common" / "python" / "smartqueue",
        ROOT / "localstack" / "trigger",
    )
    found = {
        name.replace(" ", "-")
        for folder in folders
        for file in folder.rglob("*.py")
        for name in USES.findall(file.read_text("utf-8"))
    }
    assert found - NO_STEPS == {point.name for point in POINTS}
