"""The packages as the CDK app builds them: for AWS, to be weighed, and for this machine, to be run."""

import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.cdk.components.code_assets import PLATFORMS, REPOSITORY, function_source, layer_source
from infra.cdk.components.package import PackageSource, Size, measure

HERE = f"{platform.machine()}-manylinux_2_28"
# The libraries must be for the interpreter that will import them.
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
BUILT = REPOSITORY / ".local" / "bench" / "packages"
FUNCTIONS = sorted(folder.name for folder in (REPOSITORY / "functions").iterdir() if (folder / "handler.py").exists())


@dataclass(frozen=True, kw_only=True)
class Package:
    """A function as Lambda unpacks it: its own folder, and the layer's."""

    function: Path
    layer: Path


def packages_here(functions: list[str]) -> dict[str, Package]:
    """Build the layer and functions for this machine."""
    layer = _built(layer_source(HERE, python=PYTHON))
    return {
        name: Package(function=_built(function_source(name, HERE, python=PYTHON)), layer=layer) for name in functions
    }


def sizes_on_aws(functions: list[str]) -> dict[str, Size]:
    """Weigh each function together with the layer, as they go to AWS."""
    arm = PLATFORMS["arm64"]
    layer = measure(_built(layer_source(arm)))
    sizes = {name: measure(_built(function_source(name, arm))) for name in functions}
    return {
        name: Size(unzipped=size.unzipped + layer.unzipped, zipped=size.zipped + layer.zipped)
        for name, size in sizes.items()
    }


def _built(source: PackageSource) -> Path:
    """Return the built package, from the last run if nothing in it has changed."""
    folder = BUILT / source.fingerprint()[:16]
    if not folder.exists():
        half_made = folder.with_suffix(".part")
        shutil.rmtree(half_made, ignore_errors=True)
        half_made.mkdir(parents=True)
        source.build(half_made)
        half_made.rename(folder)
    return folder
