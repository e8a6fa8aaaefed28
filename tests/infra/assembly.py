"""Reads a synthesised cloud assembly the way the tests talk about it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

type Resource = dict[str, Any]

FOR_TESTS_ALONE = {"FAILPOINTS_FOLDER"}
"""Variables that functions read and that no stage gives them."""


@dataclass(frozen=True)
class Assembly:
    """The folder that `cdk synth` wrote, for the stage `stage`."""

    folder: Path
    stage: str

    def template(self, stack: str) -> dict[str, Any]:
        """The template of a stack by the end of its name, such as "Data"."""
        path = self.folder / f"SmartQueue-{self.stage}-{stack}.template.json"
        template: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return template

    def resources(self, stack: str, kind: str) -> dict[str, Resource]:
        """The resources of one type by logical id."""
        everything = self.template(stack)["Resources"]
        return {name: resource for name, resource in everything.items() if resource["Type"] == kind}

    @cached_property
    def functions(self) -> dict[str, Resource]:
        """The Lambda functions by their folder's name."""
        prefix = f"smartqueue-{self.stage}-"
        found = self.resources("Service", "AWS::Lambda::Function").values()
        return {resource["Properties"]["FunctionName"].removeprefix(prefix): resource for resource in found}

    def environment(self, function: str) -> dict[str, Any]:
        """The environment variables of a function."""
        variables: dict[str, Any] = self.functions[function]["Properties"]["Environment"]["Variables"]
        return variables

    def role(self, function: str) -> str:
        """The logical id of a function's role."""
        logical_id: str = self.functions[function]["Properties"]["Role"]["Fn::GetAtt"][0]
        return logical_id

    def statements(self, function: str) -> Iterator[dict[str, Any]]:
        """What a function's role may do, as policy statements whose actions and resources are lists."""
        for policy in self.resources("Service", "AWS::IAM::Policy").values():
            if {"Ref": self.role(function)} in policy["Properties"]["Roles"]:
                for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
                    yield {
                        **statement,
                        "Action": _as_list(statement["Action"]),
                        "Resource": _as_list(statement["Resource"]),
                    }

    def readable_secrets(self, function: str) -> set[str]:
        """The names of the secrets that a function may read."""
        return {
            self.secret_name(resource)
            for statement in self.statements(function)
            if "secretsmanager:GetSecretValue" in statement["Action"]
            for resource in statement["Resource"]
        }

    def secret_name(self, reference: dict[str, str]) -> str:
        """The name of a secret by a reference to it from another stack."""
        data = self.template("Data")
        exports = {output["Export"]["Name"]: output["Value"] for output in data["Outputs"].values()}
        secret = data["Resources"][exports[reference["Fn::ImportValue"]]["Ref"]]
        name: str = secret["Properties"]["Name"]
        return name


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
