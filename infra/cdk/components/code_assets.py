"""The deployment packages as CDK code: what each function carries of its own, and what the layer carries for all."""

from dataclasses import replace
from pathlib import Path

import aws_cdk as cdk
import jsii
from aws_cdk import aws_lambda as lambda_

from infra.cdk.components.package import Libraries, PackageSource, require_lambda_python
from infra.cdk.settings import Architecture, StageSettings

REPOSITORY = Path(__file__).resolve().parents[3]
REQUIREMENTS = REPOSITORY / "requirements"
# manylinux2014 would silently resolve older wheels of psycopg and argon2; Lambda's Amazon Linux 2023 has glibc 2.34.
PLATFORMS: dict[Architecture, str] = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}


def layer_source(platform: str | None, *, python: str | None = None) -> PackageSource:
    """The shared package, and what two or more functions import.

    Args: `platform` is uv's word for what the libraries are for; None leaves them out. `python` is a version other
    than Lambda's.
    """
    return PackageSource(
        folder=REPOSITORY / "layers" / "common" / "python",
        prefix="python",
        libraries=_libraries("layer", platform, prefix="python", python=python),
    )


def function_source(name: str, platform: str | None, *, python: str | None = None) -> PackageSource:
    """The function `functions/<name>`, and what it alone imports, if requirements has a lock of its name.

    The arguments are those of `layer_source`.
    """
    return PackageSource(
        folder=REPOSITORY / "functions" / name,
        prefix=f"functions/{name}",
        libraries=_libraries(name, platform, python=python),
    )


def layer_code(stage: StageSettings) -> lambda_.Code:
    """What the layer of a stage is made of."""
    return _packaged(layer_source(_platform(stage)), for_lambda=stage.bundle_libraries)


def function_code(name: str, stage: StageSettings) -> lambda_.Code:
    """What a function of a stage is made of."""
    return _packaged(function_source(name, _platform(stage)), for_lambda=stage.bundle_libraries)


def _platform(stage: StageSettings) -> str | None:
    return PLATFORMS[stage.architecture] if stage.bundle_libraries else None


def _libraries(name: str, platform: str | None, *, python: str | None, prefix: str = "") -> Libraries | None:
    lock = REQUIREMENTS / f"{name}.lock"
    if platform is None or not lock.exists():
        return None
    libraries = Libraries(lock=lock, platform=platform, prefix=prefix)
    return libraries if python is None else replace(libraries, python=python)


def _packaged(source: PackageSource, *, for_lambda: bool) -> lambda_.Code:
    """The package as CDK code, built into the cloud assembly when its stack is synthesised."""
    return lambda_.Code.from_asset(
        str(source.folder),
        asset_hash=source.fingerprint(),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            image=cdk.DockerImage.from_registry("never-pulled"),
            local=_LocalBundling(source, for_lambda=for_lambda),
        ),
    )


@jsii.implements(cdk.ILocalBundling)
class _LocalBundling:
    """CDK's hook for building an asset on this machine."""

    def __init__(self, source: PackageSource, *, for_lambda: bool) -> None:
        self._source = source
        self._for_lambda = for_lambda

    def try_bundle(self, output_dir: str, *, image: object = None, **options: object) -> bool:
        """Fill `output_dir`; True tells CDK that no container is needed."""
        if self._for_lambda:
            require_lambda_python()
        self._source.build(Path(output_dir))
        return True
