"""Stages whose network and data services are the other way round, without the service on top."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from infra.cdk.app import new_app
from infra.cdk.settings import StageSettings
from infra.cdk.stacks.data import DataStack
from infra.cdk.stacks.network import NetworkStack
from tests.infra.assembly import Assembly


@dataclass(frozen=True)
class Variant:
    """A stage's network and data services, and what the service would be told about the database."""

    assembly: Assembly
    endpoint: Any
    server: Any


def variant(folder: Path, stage: StageSettings, values: Mapping[str, Any]) -> Variant:
    """Synthesise network and data of `stage` with some settings replaced."""
    changed = stage.with_values(values)
    app = new_app(outdir=str(folder), validate=False)
    network = NetworkStack(app, f"SmartQueue-{stage.name}-Network", stage=changed)
    data = DataStack(app, f"SmartQueue-{stage.name}-Data", stage=changed, network=network)
    database = data.plane.database
    endpoint, server = (cdk.Stack.of(data).resolve(place.host) for place in (database.endpoint, database.server))
    app.synth()
    return Variant(Assembly(folder, stage.name), endpoint, server)
