"""Taking guards away, one at a time, in a copy of the tree, and asking the tests whether they notice."""

import io
import os
import shutil
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from tests.guards.listing import ROOT, Guard

RUN_SECONDS = 300
# Of all tests of the list, one after the other.
ALL_SECONDS = 1200
# Failures of code that no longer makes sense, which say nothing about what a test checks.
NONSENSE = (
    *("SyntaxError", "IndentationError", "NameError", "ImportError", "UnboundLocalError"),
    *("UndefinedColumn", "UndefinedParameter", "IndeterminateDatatype", "AmbiguousColumn", "ProgrammingError"),
)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What came of taking a guard away. problem: why that proves nothing, or empty when every test noticed."""

    guard: Guard
    problem: str
    seconds: float


class Tree:
    """A copy of the files that git tracks, as they are in the working tree, or as they were committed last."""

    def __init__(self, folder: Path, *, committed: bool = False) -> None:
        self._folder = folder
        folder.mkdir()
        if committed:
            archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                tar.extractall(folder, filter="data")
            return
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def try_without(self, guard: Guard, tests: Sequence[str]) -> Verdict:
        """Take a guard away, run tests, put it back."""
        started = time.monotonic()
        file = self._folder / guard.file
        source = file.read_text("utf-8")
        file.write_text(guard.remove_from(source), "utf-8")
        try:
            problem = judge(tests, self.run(tests))
        finally:
            file.write_text(source, "utf-8")
        return Verdict(guard=guard, problem=problem, seconds=time.monotonic() - started)

    def run(self, tests: Sequence[str], *, seconds: float = RUN_SECONDS) -> dict[str, str]:
        """Run tests; return what became of each case, by its name: empty if it passed, else how it failed.

        seconds: until they count as never ending.
        """
        report = self._folder / "report.xml"
        report.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "-p", "pytest_timeout", "-q", "--tb=no", f"--junitxml={report}"]
        if any(test.startswith("tests/model") for test in tests):
            # Whether it notices is the question, not the shortest history that shows it.
            command += ["-p", "_hypothesis_pytestplugin", "--hypothesis-profile=brief"]
        # This copy's code, and not the one that the environment installed for editing.
        paths = os.pathsep.join([str(self._folder), str(self._folder / "layers/common/python")])
        try:
            ended = subprocess.run(
                [*command, *tests],
                cwd=self._folder,
                # Plugins that these tests do not use take two seconds to load.
                env={**os.environ, "PYTHONPATH": paths, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return {"": "error: the tests did not end"}
        if not report.exists():
            return {"": f"error: pytest could not start: {ended.stdout[-300:]}{ended.stderr[-300:]}"}
        return dict(_read(report))


def judge(tests: Sequence[str], outcomes: dict[str, str]) -> str:
    """Say why these outcomes do not show that each of the tests noticed, or return an empty text."""
    errors = [f"{name}: {how}" for name, how in outcomes.items() if how.startswith("error")]
    if errors:
        return errors[0]
    for test in tests:
        name = test.rpartition("::")[2]
        failures = [how for case, how in outcomes.items() if case.partition("[")[0] == name and how]
        if not failures:
            return f"{name} did not notice"
        if all(any(word in how for word in NONSENSE) for how in failures):
            return f"{name} failed, but only because the code makes no sense any more: {failures[0]}"
    return ""


def _read(report: Path) -> list[tuple[str, str]]:
    cases = []
    for case in ElementTree.parse(report).iter("testcase"):
        how = ""
        for kind in ("failure", "error"):
            found = case.find(kind)
            if found is not None:
                how = f"{kind}: {found.get('message', '')[:300]}"
        cases.append((case.get("name", ""), how))
    return cases
