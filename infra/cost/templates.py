"""The synthesised templates of a stage, as the cost script reads them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

type Properties = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of one stack."""

    stack: str
    logical_id: str
    kind: str
    properties: Properties


@dataclass(frozen=True, kw_only=True)
class StageTemplates:
    """All resources of a stage."""

    stage: str
    resources: tuple[Resource, ...]

    @classmethod
    def read(cls, folder: Path, stage: str) -> Self:
        """Read what `cdk synth` wrote into `folder`."""
        prefix = f"SmartQueue-{stage}-"
        found = []
        for path in sorted(folder.glob(f"{prefix}*.template.json")):
            stack = path.name.removeprefix(prefix).removesuffix(".template.json")
            for logical_id, resource in json.loads(path.read_text(encoding="utf-8"))["Resources"].items():
                found.append(
                    Resource(
                        stack=stack,
                        logical_id=logical_id,
                        kind=resource["Type"],
                        properties=resource.get("Properties", {}),
                    )
                )
        return cls(stage=stage, resources=tuple(found))

    def of_kind(self, kind: str) -> Iterator[Resource]:
        """The resources of one type."""
        return (resource for resource in self.resources if resource.kind == kind)

    def function(self, name: str) -> Properties:
        """A Lambda function's properties. Raises LookupError."""
        full = f"smartqueue-{self.stage}-{name}"
        for resource in self.of_kind("AWS::Lambda::Function"):
            if resource.properties.get("FunctionName") == full:
                return resource.properties
        raise LookupError(f"{self.stage} has no function {name}")

    def has_function(self, name: str) -> bool:
        """Whether the stage has it."""
        full = f"smartqueue-{self.stage}-{name}"
        return any(r.properties.get("FunctionName") == full for r in self.of_kind("AWS::Lambda::Function"))


def megabytes(function: Properties) -> float:
    """A Lambda function's memory."""
    return float(function.get("MemorySize", 128))


def gigabytes(function: Properties) -> float:
    """The same, as it is paid for."""
    return megabytes(function) / 1024


def architecture(function: Properties) -> str:
    """What a Lambda function runs on."""
    return str(function.get("Architectures", ["x86_64"])[0])
