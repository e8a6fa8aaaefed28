"""Small stages to write bills for."""

from collections.abc import Mapping
from typing import Any

from infra.cost.bill import Context
from infra.cost.prices import PriceTable
from infra.cost.templates import Resource, StageTemplates
from infra.cost.usage import Usage

type Described = tuple[str, Mapping[str, Any]]
"""A resource's type and properties."""

PRICES = PriceTable.load()
USAGE = Usage.load()


def stage_of(*resources: Described) -> Context:
    """A stage `prod` of the given types and properties."""
    return Context(
        templates=StageTemplates(
            stage="prod",
            resources=tuple(
                Resource(stack="Data", logical_id=f"R{number}", kind=kind, properties=properties)
                for number, (kind, properties) in enumerate(resources)
            ),
        ),
        prices=PRICES,
        usage=USAGE,
    )


def function(name: str, memory: int, **variables: str) -> Described:
    """A Lambda function."""
    return "AWS::Lambda::Function", {
        "FunctionName": f"smartqueue-prod-{name}",
        "MemorySize": memory,
        "Architectures": ["arm64"],
        "Environment": {"Variables": variables},
    }


FUNCTIONS = tuple(function(name, 1024) for name in ("submit", "query", "authorizer", "process", "classify"))
