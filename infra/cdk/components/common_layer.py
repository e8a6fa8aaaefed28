"""The layer every function mounts: the shared package, and the third-party libraries where the stage needs them."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.cdk.components.code_assets import REPOSITORY, Libraries, PackageSource, packaged
from infra.cdk.settings import StageSettings

# manylinux2014 would silently resolve older wheels of psycopg and argon2; Lambda's Amazon Linux 2023 has glibc 2.34.
PLATFORMS = {"arm64": "aarch64-manylinux_2_28", "x86_64": "x86_64-manylinux_2_28"}


class CommonLayer(Construct):
    """Owns the layer version; pass `layer` to the functions."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        libraries = Libraries(
            lock=REPOSITORY / "requirements" / "functions.lock", platform=PLATFORMS[stage.architecture]
        )
        source = PackageSource(
            folder=REPOSITORY / "layers" / "common" / "python",
            prefix="python",
            libraries=libraries if stage.bundle_libraries else None,
        )
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            layer_version_name=f"smartqueue-{stage.name}-common",
            description="What two or more functions of the task queue share.",
            code=packaged(source),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
