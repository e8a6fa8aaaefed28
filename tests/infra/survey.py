"""Looks at all stacks of a stage at once: every resource, every policy statement, every string."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.infra.assembly import Assembly


@dataclass(frozen=True)
class Found:
    """One resource, and where it is."""

    stack: str
    logical_id: str
    kind: str
    properties: dict[str, Any]
    resource: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.stack}/{self.logical_id} ({self.kind})"


@dataclass(frozen=True)
class Statement:
    """One statement of a policy; actions and resources are lists."""

    owner: Found
    document: str
    effect: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    body: dict[str, Any]


@cache
def templates(folder: Path, stage: str) -> dict[str, dict[str, Any]]:
    """Every stack's template by the stack's short name."""
    prefix = f"SmartQueue-{stage}-"
    return {
        path.name.removeprefix(prefix).removesuffix(".template.json"): json.loads(path.read_text(encoding="utf-8"))
        for path in sorted(folder.glob(f"{prefix}*.template.json"))
    }


def everything(assembly: Assembly) -> Iterator[Found]:
    """Every resource of every stack."""
    for stack, template in templates(assembly.folder, assembly.stage).items():
        for logical_id, resource in template["Resources"].items():
            yield Found(stack, logical_id, resource["Type"], resource.get("Properties", {}), resource)


def of_kind(assembly: Assembly, *kinds: str) -> list[Found]:
    """The resources of some types, in any stack."""
    return [found for found in everything(assembly) if found.kind in kinds]


def functions(assembly: Assembly) -> dict[str, Found]:
    """The functions of the task queue by their folders' names; helpers of the CDK have no name of ours."""
    prefix = f"smartqueue-{assembly.stage}-"
    return {
        found.properties["FunctionName"].removeprefix(prefix): found
        for found in of_kind(assembly, "AWS::Lambda::Function")
        if str(found.properties.get("FunctionName", "")).startswith(prefix)
    }


def statements(assembly: Assembly) -> Iterator[Statement]:
    """Every statement of every policy, wherever it stands."""
    for found in everything(assembly):
        for name, document in _documents(found.properties):
            for body in _as_list(document.get("Statement", [])):
                yield Statement(
                    owner=found,
                    document=name,
                    effect=body["Effect"],
                    actions=tuple(_as_list(body.get("Action", []))),
                    resources=tuple(map(flat, _as_list(body.get("Resource", [])))),
                    body=body,
                )


def flat(value: Any) -> str:
    """A value as text: joins are joined, references stand in braces."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator.join(map(flat, parts)))
    if isinstance(value, dict) and len(value) == 1:
        (function, argument), *_ = value.items()
        shown = ".".join(map(flat, argument)) if isinstance(argument, list) else flat(argument)
        return "{" + f"{function} {shown}" + "}"
    return json.dumps(value, sort_keys=True)


def _documents(properties: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(properties, dict):
        # A rule of a firewall has a "Statement" too, which has no effect.
        if all("Effect" in statement for statement in _as_list(properties.get("Statement", {}))):
            yield name, properties
            return
        for key, value in properties.items():
            yield from _documents(value, key)
    elif isinstance(properties, list):
        for value in properties:
            yield from _documents(value, name)


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
