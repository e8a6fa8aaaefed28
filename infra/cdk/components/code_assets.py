"""Turns folders of the repository into deployment packages, without Docker.

A package is a copy of its sources plus bytecode: /var/task and /opt are read-only on Lambda, so a package
without bytecode compiles itself again at every cold start.
"""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

REPOSITORY = Path(__file__).resolve().parents[3]
PYTHON_VERSION = "3.13"


class MissingSourceError(FileNotFoundError):
    """A folder that should become a package does not exist."""


@dataclass(frozen=True, kw_only=True)
class Libraries:
    """Third-party libraries that belong into a package: a hash-pinned lock, and uv's word for the platform."""

    lock: Path
    platform: str


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
        for relative in self.files():
            digest.update(f"\0{relative.as_posix()}\0".encode())
            digest.update((self.folder / relative).read_bytes())
        if self.libraries:
            digest.update(self.libraries.platform.encode())
            digest.update(self.libraries.lock.read_bytes())
        return digest.hexdigest()


def packaged(source: PackageSource) -> lambda_.Code:
    """The package as CDK code, built into the cloud assembly when its stack is synthesised."""
    return lambda_.Code.from_asset(
        str(source.folder),
        asset_hash=source.fingerprint(),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("never-pulled"),
            local=_LocalBundling(source),
        ),
    )


@jsii.implements(cdk.ILocalBundling)
class _LocalBundling:
    """CDK's hook for building an asset on this machine."""

    def __init__(self, source: PackageSource) -> None:
        self._source = source

    def try_bundle(self, output_dir: str, *, image: object = None, **options: object) -> bool:
        """Fill `output_dir`; True tells CDK that no container is needed."""
        target = Path(output_dir)
        if self._source.libraries:
            _install(self._source.libraries, target / self._source.prefix)
        for relative in self._source.files():
            copy = target / self._source.prefix / relative
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._source.folder / relative, copy)
        _compile(target)
        return True


def _install(libraries: Libraries, target: Path) -> None:
    uv = Path(sys.executable).with_name("uv")
    subprocess.run(
        [
            *(str(uv), "pip", "install", "--quiet", "--target", str(target)),
            *("--python-platform", libraries.platform, "--python-version", PYTHON_VERSION),
            *("--only-binary", ":all:", "--require-hashes", "--requirements", str(libraries.lock)),
        ],
        check=True,
    )
    # Command-line scripts name this machine's interpreter; nothing on Lambda runs them.
    shutil.rmtree(target / "bin", ignore_errors=True)
    (target / ".lock").unlink(missing_ok=True)


def _compile(target: Path) -> None:
    """Write bytecode that stays valid whatever the files' dates, which the zip does not keep."""
    subprocess.run(
        [
            *(sys.executable, "-m", "compileall", "-q", "-s", str(target)),
            *("--invalidation-mode", "unchecked-hash", str(target)),
        ],
        check=True,
    )
