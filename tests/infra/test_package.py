"""Building a deployment package."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from infra.cdk.components.code_assets import PLATFORMS, REQUIREMENTS, function_source
from infra.cdk.components.package import (
    Libraries,
    MissingSourceError,
    PackageSource,
    WrongMachineError,
    WrongPythonError,
    check_machine,
    content_hash,
    measure,
    require_lambda_python,
)

# What stands in byte 18 and 19 of a compiled library: 183 is ARM's 64 bits, 62 is AMD's and Intel's.
ARM_HEADER = b"\x7fELF" + bytes(14) + (183).to_bytes(2, "little")
UNCHECKED_HASH = 1


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(MissingSourceError, match="nowhere"):
        list(PackageSource(folder=tmp_path / "nowhere", prefix="python").files())


def test_libraries_for_another_machine_are_refused(tmp_path: Path) -> None:
    (tmp_path / "fast.cpython-313.so").write_bytes(ARM_HEADER)
    assert check_machine(tmp_path, "aarch64") == 1
    with pytest.raises(WrongMachineError, match="fast"):
        check_machine(tmp_path, "x86_64")


@pytest.mark.parametrize("name", ["fast.so", "libfast.so.5.7"])
def test_libraries_for_another_system_are_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\xcf\xfa\xed\xfe" + bytes(40))
    with pytest.raises(WrongMachineError, match="no Linux library"):
        check_machine(tmp_path, "aarch64")


def test_a_build_says_when_a_hash_is_wrong(tmp_path: Path) -> None:
    lock = tmp_path / "wrong.lock"
    lock.write_text(f"six==1.17.0 --hash=sha256:{'0' * 64}\n")
    libraries = Libraries(lock=lock, platform=PLATFORMS["arm64"])
    source = PackageSource(folder=tmp_path, prefix="functions/wrong", libraries=libraries)
    with pytest.raises(subprocess.CalledProcessError):
        source.build(tmp_path / "target")


def test_another_python_than_lambdas_is_refused() -> None:
    require_lambda_python((3, 13))
    with pytest.raises(WrongPythonError, match=r"3\.13, and this is Python 3\.12"):
        require_lambda_python((3, 12))


def test_a_package_is_the_same_each_time_and_can_be_read_by_everybody(tmp_path: Path) -> None:
    source = function_source("auth", PLATFORMS["arm64"])
    umask = os.umask(0o077)
    try:
        for target in ("once", "twice"):
            source.build(tmp_path / target)
    finally:
        os.umask(umask)
    assert content_hash(tmp_path / "once") == content_hash(tmp_path / "twice")
    built = list((tmp_path / "once").rglob("*"))
    assert {path.stat().st_mode & 0o777 for path in built} == {0o755, 0o644}
    assert not [path for path in built if path.name == "RECORD"]
    compiled = [path for path in built if path.suffix == ".pyc"]
    assert len(compiled) == len([path for path in built if path.suffix == ".py"])
    assert {int.from_bytes(path.read_bytes()[4:8], "little") for path in compiled} == {UNCHECKED_HASH}
    assert check_machine(tmp_path / "once", "aarch64") > 0


def test_size_is_measured_with_and_without_compression(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(1_000_000))
    size = measure(tmp_path)
    assert size.unzipped == 1_000_000
    assert 0 < size.zipped < 10_000


def test_nothing_is_locked_both_for_the_layer_and_for_a_function() -> None:
    layer = _pinned(REQUIREMENTS / "layer.lock")
    everything = _pinned(REQUIREMENTS / "dev.lock")
    for name in ("auth", "classify", "export"):
        own = _pinned(REQUIREMENTS / f"{name}.lock")
        assert own
        assert not own.keys() & layer.keys()
        assert own.items() <= everything.items()
    assert layer.items() <= everything.items()


def _pinned(lock: Path) -> dict[str, str]:
    pins = re.findall(r"^([a-z0-9-]+)==([^ ]+)", lock.read_text(), re.MULTILINE)
    return dict(pins)
