"""Builds deployment packages from folders of the repository and locked libraries, without Docker.

A package is a copy of its sources plus bytecode: /var/task and /opt are read-only on Lambda, so a package
without bytecode compiles itself again at every cold start. What is built for Lambda can be built on any machine.
"""

import hashlib
import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from infra.cdk.components import trim

LAMBDA_PYTHON = "3.13"
MEGABYTE = 1024 * 1024
# What Lambda takes in one upload.
ZIP_LIMIT = 50 * MEGABYTE
# A function and its layer. Lambda takes 250, but fetches and unpacks all of it for every new environment.
UNZIPPED_BUDGET = 60 * MEGABYTE
ELF_MAGIC = b"\x7fELF"
# The ELF header's e_machine, by the first word of uv's name for a platform.
MACHINES = {"aarch64": 183, "x86_64": 62}
# Who installed what, by which hashes; for removing it again, and RECORD differs from machine to machine.
INSTALLER_NOTES = ("RECORD", "INSTALLER", "REQUESTED")
# For compilers and type checkers only.
DEAD_WEIGHT = (".pyi", ".pyx", ".pxd", ".h", ".c")


class MissingSourceError(FileNotFoundError):
    """A folder that should become a package does not exist."""


class WrongMachineError(ValueError):
    """A compiled library is for another kind of processor than the package."""


class WrongPythonError(RuntimeError):
    """This interpreter would write bytecode that Lambda's does not read."""


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """Third-party libraries that belong into a package."""

    lock: Path
    """Pinned by hashes; whatever is not in it comes from elsewhere, such as a layer."""
    platform: str
    """uv's word for it."""
    prefix: str = ""
    """Where in the package they lie."""
    python: str = LAMBDA_PYTHON


@dataclass(frozen=True, kw_only=True)
class Size:
    """How big a package is, in bytes."""

    unzipped: int
    zipped: int


@dataclass(frozen=True, kw_only=True)
class PackageSource:
    """What a package holds: the files of `folder` under the path `prefix`, and perhaps libraries."""

    folder: Path
    prefix: str
    libraries: Libraries | None = None

    def files(self) -> Iterator[Path]:
        """The source files in a fixed order, without caches."""
        if not self.folder.is_dir():
            raise MissingSourceError(f"{self.folder} is not there; it should hold the code to deploy.")
        for path in sorted(self.folder.rglob("*")):
            relative = path.relative_to(self.folder)
            if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in relative.parts:
                yield relative

    def fingerprint(self) -> str:
        """A hash of everything that decides the package's content, the same on every machine."""
        digest = hashlib.sha256(f"{self.prefix} {sys.implementation.cache_tag}".encode())
        for builder in (__file__, trim.__file__):
            digest.update(Path(builder).read_bytes())
        for relative in self.files():
            digest.update(f"\0{relative.as_posix()}\0".encode())
            digest.update((self.folder / relative).read_bytes())
        if self.libraries:
            digest.update(f"\0{self.libraries.platform} {self.libraries.prefix} {self.libraries.python}\0".encode())
            digest.update(self.libraries.lock.read_bytes())
        return digest.hexdigest()

    def build(self, target: Path) -> None:
        """Fill the folder `target`.

        Raises: MissingSourceError, WrongMachineError, and subprocess.CalledProcessError when uv finds no wheel
        that a lock's hashes allow, or sources do not compile.
        """
        if self.libraries:
            _install(self.libraries, target / self.libraries.prefix)
        for relative in self.files():
            copy = target / self.prefix / relative
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self.folder / relative, copy)
        _compile(target, parallel=self.libraries is not None)
        _open_to_all(target)


def require_lambda_python(version: tuple[int, int] = sys.version_info[:2]) -> None:
    """Raises WrongPythonError unless the bytecode that this interpreter writes is of use on Lambda."""
    here = ".".join(map(str, version))
    if here != LAMBDA_PYTHON:
        raise WrongPythonError(
            f"Packages for AWS carry bytecode of Python {LAMBDA_PYTHON}, and this is Python {here}: "
            f"set up anew with PYTHON=/path/to/python{LAMBDA_PYTHON} make setup."
        )


def measure(package: Path) -> Size:
    """The size of a built package as it is, and as one zip."""
    unzipped = 0
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for path in _files(package):
            unzipped += path.stat().st_size
            bundle.write(path, path.relative_to(package))
    return Size(unzipped=unzipped, zipped=archive.tell())


def content_hash(package: Path) -> str:
    """A hash of the names and contents of a built package's files."""
    digest = hashlib.sha256()
    for path in _files(package):
        digest.update(f"\0{path.relative_to(package).as_posix()}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def check_machine(folder: Path, machine: str) -> int:
    """Look at the header of every compiled library in `folder`, and count them.

    Raises WrongMachineError if one is not for `machine` (aarch64, x86_64).
    """
    count = 0
    for path in _files(folder):
        with path.open("rb") as file:
            header = file.read(20)
        if header.startswith(ELF_MAGIC):
            count += 1
            if int.from_bytes(header[18:20], "little") != MACHINES[machine]:
                raise WrongMachineError(f"{path.relative_to(folder)} is not for {machine}.")
        elif ".so" in path.suffixes:
            raise WrongMachineError(f"{path.relative_to(folder)} is no Linux library.")
    return count


def _install(libraries: Libraries, target: Path) -> None:
    subprocess.run(
        [
            *(str(Path(sys.executable).with_name("uv")), "pip", "install", "--quiet", "--target", str(target)),
            *("--python-platform", libraries.platform, "--python-version", libraries.python),
            *("--only-binary", ":all:", "--require-hashes", "--no-deps", "--requirements", str(libraries.lock)),
        ],
        check=True,
    )
    # Command-line scripts name this machine's interpreter; nothing on Lambda runs them.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)
    for path in list(_files(target)):
        if path.suffix in DEAD_WEIGHT or (path.name in INSTALLER_NOTES and path.parent.suffix == ".dist-info"):
            path.unlink()
    trim.trim(target)
    check_machine(target, libraries.platform.partition("-")[0])


def _compile(target: Path, *, parallel: bool) -> None:
    """Write bytecode that stays valid whatever the files' dates, which the zip does not keep."""
    subprocess.run(
        [
            *(sys.executable, "-m", "compileall", "-q", "-j", "0" if parallel else "1", "-s", str(target)),
            *("--invalidation-mode", "unchecked-hash", str(target)),
        ],
        check=True,
    )


def _open_to_all(target: Path) -> None:
    """Let everybody read: Lambda runs code as another user, and this one's umask may be strict."""
    for path in (target, *target.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)


def _files(folder: Path) -> Iterator[Path]:
    yield from sorted(path for path in folder.rglob("*") if path.is_file())
