"""The alarms of the stage that people are called for, and the same metrics as the local cloud has them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.alarms.evaluation import Alarm, Query

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.assembly import Assembly

STAGE = "prod"


def read_alarms(assembly: Assembly) -> dict[str, Alarm]:
    """Every alarm on metrics, of all stacks, by the end of its name."""
    return {
        (name := properties["AlarmName"].removeprefix(f"smartqueue-{STAGE}-")): Alarm.read(name, properties)
        for properties in _properties(assembly)
    }


def _properties(assembly: Assembly) -> Iterator[dict[str, Any]]:
    for path in assembly.folder.glob("*.template.json"):
        stack = path.name.split(".")[0].rpartition("-")[2]
        for resource in assembly.resources(stack, "AWS::CloudWatch::Alarm").values():
            yield resource["Properties"]


def localised(query: Query) -> Query:
    """The same metric of the stage `local`, which has functions without aliases."""
    renamed = (
        (name, re.sub(rf"\b{STAGE}\b", "local", value))
        for name, value in query.dimensions
        if not (query.namespace == "AWS/Lambda" and name == "Resource")
    )
    return replace(query, dimensions=tuple(renamed))
