"""bin/kafka gives out no jar but those that the lock file names, whatever the registry or the disk says."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from localstack.paths import ROOT
from localstack.services.apache_kafka import find_kafka

FILES = ("bin/kafka", "requirements/kafka-pom.xml", "requirements/kafka-jars.lock")
FETCHES = """#!/bin/sh
for word; do case $word in -DoutputDirectory=*) target=${word#*=};; esac; done
cp "$JARS"/*.jar "$target"
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script in a folder of its own, without jars, and a Maven that always fails."""
    for name in FILES:
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, target)
    install_maven(tmp_path, "#!/bin/sh\necho no registry answers\nexit 1\n")
    return tmp_path


def install_maven(folder: Path, script: str) -> None:
    program = folder / "tools" / "mvn"
    program.parent.mkdir(exist_ok=True)
    program.write_text(script)
    program.chmod(0o755)


def put_jars(folder: Path) -> Path:
    """Copy the real jars there."""
    shutil.copytree(find_kafka()[1], folder)
    return folder


def spoil(jars: Path) -> None:
    with next(jars.glob("kafka-clients-*.jar")).open("ab") as jar:
        jar.write(b"\0")


def run(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{folder / 'tools'}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [folder / "bin" / "kafka"],
        env={**os.environ, "PATH": path, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_good_jars_are_taken_without_asking_maven(copy: Path) -> None:
    jars = put_jars(copy / ".local" / "kafka")
    done = run(copy)
    assert done.returncode == 0, done.stderr
    java, found = done.stdout.splitlines()
    assert Path(java).name == "java"
    assert Path(found).samefile(jars)


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_jars_that_have_become_others_are_not_given_out(copy: Path, damage: str) -> None:
    jars = put_jars(copy / ".local" / "kafka")
    if damage == "changed":
        spoil(jars)
    elif damage == "missing":
        next(jars.glob("slf4j-api-*.jar")).unlink()
    else:
        (jars / "stranger-1.0.jar").write_bytes(b"PK")
    done = run(copy)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no registry answers" in done.stderr


def test_what_a_registry_sends_is_checked(copy: Path) -> None:
    sent = put_jars(copy / "sent")
    install_maven(copy, FETCHES)
    assert run(copy, JARS=str(sent)).returncode == 0
    shutil.rmtree(copy / ".local")
    spoil(sent)
    done = run(copy, JARS=str(sent))
    assert (done.returncode, done.stdout) == (1, "")
    assert "is not what requirements/kafka-jars.lock names" in done.stderr
    assert not list((copy / ".local").iterdir())
