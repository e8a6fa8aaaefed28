"""The CDK app: `-c stage=<name>` chooses what is built. See README.md beside this file for the commands."""

import sys
from collections.abc import Mapping

import aws_cdk as cdk

from infra.cdk.connections import TooManyConnectionsError
from infra.cdk.data_plane import DataPlane
from infra.cdk.settings import MissingSettingsError, StageSettings
from infra.cdk.stacks.data import DataStack
from infra.cdk.stacks.local_data import LocalDataStack
from infra.cdk.stacks.network import NetworkStack
from infra.cdk.stacks.observability import ObservabilityStack
from infra.cdk.stacks.prometheus import PrometheusStack
from infra.cdk.stacks.service import ServiceStack
from infra.cdk.stages import UnknownStageError, chosen_stage

# In code rather than in cdk.json, so that tests build what the CLI builds.
FEATURES = {
    "@aws-cdk/aws-iam:minimizePolicies": True,
    "@aws-cdk/core:checkSecretUsage": True,
    "@aws-cdk/core:defaultCrossStackReferences": "strong",
    "@aws-cdk/aws-lambda:recognizeLayerVersion": True,
}


def new_app(
    *, outdir: str | None = None, context: Mapping[str, object] | None = None, validate: bool | None = None
) -> cdk.App:
    """An app without stacks.

    Args: `outdir` is where the cloud assembly goes (None: where the CLI says); `context` overrides the CLI's;
    `validate` says whether CDK checks the templates, which takes longer than all the rest (None: as the CLI says).
    """
    return cdk.App(
        outdir=outdir,
        analytics_reporting=False,
        tree_metadata=False,
        builtin_cloud_formation_validation=validate,
        post_cli_context={**FEATURES, **(context or {})},
    )


def add_stacks(app: cdk.App, stage: StageSettings) -> None:
    """Describe a stage: its data services, the service itself, and what watches it."""
    prefix = f"SmartQueue-{stage.name}"
    plane = _data_plane(app, prefix, stage)
    service = ServiceStack(app, f"{prefix}-Service", stage=stage, plane=plane)
    functions = list(service.functions)
    watched: list[cdk.Stack] = [service]
    if stage.prometheus:
        prometheus = PrometheusStack(
            app,
            f"{prefix}-Prometheus",
            stage=stage,
            metrics_url=service.metrics_url,
            metrics_credential=plane.metrics_credential,
            rollout=service.rollout,
        )
        functions += prometheus.functions
        watched.append(prometheus)
    observability = ObservabilityStack(app, f"{prefix}-Observability", stage=stage, functions=functions)
    for stack in watched:
        # A composite alarm can only name alarms that exist already.
        observability.add_stack_dependency(stack)
    cdk.Tags.of(app).add("application", "smartqueue")
    cdk.Tags.of(app).add("stage", stage.name)


def _data_plane(app: cdk.App, prefix: str, stage: StageSettings) -> DataPlane:
    """The only place where a stage decides what kind of data services it gets."""
    if stage.network is None:
        return LocalDataStack(app, f"{prefix}-Data", stage=stage).plane
    network = NetworkStack(app, f"{prefix}-Network", stage=stage)
    return DataStack(app, f"{prefix}-Data", stage=stage, network=network).plane


def main() -> None:
    """Synthesise what the CLI's context asks for."""
    app = new_app()
    stage = chosen_stage({name: app.node.try_get_context(name) for name in ("stage", *StageSettings.paths())})
    add_stacks(app, stage)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except (UnknownStageError, MissingSettingsError, TooManyConnectionsError) as error:
        sys.exit(str(error))
