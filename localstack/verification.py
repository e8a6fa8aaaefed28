"""Asks the deployed seal function to verify the audit trail, and shows what it says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from rich.table import Table

from localstack.aws import client
from localstack.endpoints import FUNCTION_PREFIX
from localstack.errors import LocalCloudError

if TYPE_CHECKING:
    from localstack.endpoints import Endpoints

_VERIFICATION_SECONDS = 900


class VerificationError(LocalCloudError):
    """The audit trail could not be verified."""


@dataclass(frozen=True)
class Verification:
    """What the function found."""

    tenants: int
    checked: int
    problem_count: int
    problems: list[dict[str, Any]]
    finished: bool

    @property
    def sound(self) -> bool:
        """True when everything was looked at and is as it was written."""
        return self.finished and not self.problem_count

    def summary(self) -> str:
        """The outcome in a sentence."""
        seen = f"{self.checked} audit rows of {self.tenants} tenants"
        if self.problem_count:
            return f"{self.problem_count} problems in {seen}."
        return (
            f"{seen} are as they were written." if self.finished else f"{seen} are sound; there was no time for more."
        )

    def table(self) -> Table:
        """The problems, one a line."""
        table = Table("tenant", "problem", "position", "audit row", "what", box=None)
        for problem in self.problems:
            position = problem["position"]
            table.add_row(
                problem["tenantId"],
                problem["kind"],
                "-" if position is None else str(position),
                problem["auditId"] or "-",
                problem["details"],
            )
        return table


def verify(where: Endpoints, tenant: str) -> Verification:
    """Verify one tenant's chain, or all when none is named. Raises VerificationError."""
    event = {"action": "verify", **({"tenantId": tenant} if tenant else {})}
    functions = client("lambda", where.aws, read_timeout_seconds=_VERIFICATION_SECONDS)
    try:
        answer = functions.invoke(FunctionName=f"{FUNCTION_PREFIX}seal", Payload=json.dumps(event).encode())
    except ClientError as error:
        raise VerificationError(f"The seal function cannot be run ({error}). Is it deployed?") from error
    payload = answer["Payload"].read()
    if answer.get("FunctionError"):
        said = payload.decode(errors="replace")[:300]
        raise VerificationError(f"The verification failed: {said}. See `smartqueue-local logs seal`.")
    report = json.loads(payload)
    return Verification(
        tenants=report["tenants"],
        checked=report["checked"],
        problem_count=report["problemCount"],
        problems=report["problems"],
        finished=report["finished"],
    )
