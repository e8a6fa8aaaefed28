"""The layer every function mounts: the shared package, and the libraries that two or more functions import."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.cdk.components.code_assets import layer_code
from infra.cdk.settings import StageSettings


class CommonLayer(Construct):
    """Owns the layer version; pass `layer` to the functions."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: StageSettings) -> None:
        super().__init__(scope, construct_id)
        self.layer = lambda_.LayerVersion(
            self,
            "Layer",
            layer_version_name=f"smartqueue-{stage.name}-common",
            description="What two or more functions of the task queue share.",
            code=layer_code(stage),
            compatible_runtimes=[lambda_.Runtime.PYTHON_3_13],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
