"""The whole cost of a stage: its bill as it is, and what would make it smaller."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.cdk.app import add_stacks, new_app
from infra.cdk.settings import StageSettings
from infra.cost.bill import Context
from infra.cost.levers import Saving, biggest_savings
from infra.cost.prices import PriceTable
from infra.cost.templates import StageTemplates
from infra.cost.usage import Usage


@dataclass(frozen=True, kw_only=True)
class StageCost:
    """What the page says of a stage."""

    context: Context
    savings: Sequence[Saving]


def cost_of(stage: StageSettings) -> StageCost:
    """Synthesise a stage, as it is and with each lever, and write its bills. Takes a second or two for each."""
    context = Context(templates=synthesise(stage), prices=PriceTable.load(), usage=Usage.load())
    return StageCost(context=context, savings=biggest_savings(context, stage, synthesise))


def synthesise(stage: StageSettings) -> StageTemplates:
    """The templates of a stage; its packages are not built."""
    with tempfile.TemporaryDirectory() as folder:
        app = new_app(outdir=folder, context={"aws:cdk:bundling-stacks": []}, validate=False)
        add_stacks(app, stage)
        app.synth()
        return StageTemplates.read(Path(folder), stage.name)
