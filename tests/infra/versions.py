"""One function behind an alias, with everything that can be new about it."""

import json
from pathlib import Path
from unittest.mock import patch

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_

from infra.cdk.app import new_app
from infra.cdk.components import access, job_function
from infra.cdk.components.release import Rollout
from infra.cdk.stages import PROD


def version_of(
    folder: Path,
    *,
    code: str = "pass",
    library: str = "pass",
    variable: str = "old",
    timeout_seconds: int = 15,
) -> str:
    """The logical id of the function's version, which is another when a deployment publishes another."""
    libraries = folder / "layer"
    libraries.mkdir(parents=True)
    (libraries / "library.py").write_text(library, encoding="utf-8")
    app = new_app(outdir=str(folder / "out"), validate=False)
    stack = cdk.Stack(app, "Stack")
    assert PROD.deployment is not None
    with patch.object(job_function, "function_code", lambda *_: lambda_.Code.from_inline(code)):
        job_function.JobFunction(
            stack,
            "Query",
            name="query",
            description="Has something new.",
            stage=PROD,
            layer=lambda_.LayerVersion(stack, "Layer", code=lambda_.Code.from_asset(str(libraries))),
            network=None,
            access=[access.plain(VARIABLE=variable)],
            timeout_seconds=timeout_seconds,
            rollout=Rollout(stack, "Rollout", stage=PROD, pace=PROD.deployment),
        )
    app.synth()
    resources = json.loads((folder / "out" / "Stack.template.json").read_text("utf-8"))["Resources"]
    (version,) = (name for name, resource in resources.items() if resource["Type"] == "AWS::Lambda::Version")
    return str(version)
