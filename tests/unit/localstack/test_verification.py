"""`smartqueue-local verify`: what the seal function says, in a table and an exit code."""

import io
import json
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from rich.console import Console

from localstack import verification
from localstack.verification import VerificationError, verify

SOUND = {"tenants": 2, "checked": 40, "problemCount": 0, "problems": [], "finished": True, "key": None}
PROBLEM = {"tenantId": "tenant-a", "kind": "REMOVED", "position": 3, "auditId": "row-3", "details": "it is gone"}


class Functions:
    """Answers an invocation."""

    def __init__(self, answer: object, error: str | None = None) -> None:
        self.asked: list[dict[str, Any]] = []
        self._answer = answer
        self._error = error

    def invoke(self, **arguments: Any) -> dict[str, Any]:
        self.asked.append(arguments)
        if isinstance(self._answer, Exception):
            raise self._answer
        failed = {"FunctionError": self._error} if self._error else {}
        return {"Payload": io.BytesIO(json.dumps(self._answer).encode()), **failed}


def ask(monkeypatch: pytest.MonkeyPatch, functions: Functions, tenant: str = "") -> verification.Verification:
    monkeypatch.setattr(verification, "client", lambda *_, **__: functions)
    return verify(SimpleNamespace(aws="http://127.0.0.1:1"), tenant)  # type: ignore[arg-type]


def test_the_deployed_function_verifies_all_tenants_or_the_one_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    functions = Functions(SOUND)
    found = ask(monkeypatch, functions)
    ask(monkeypatch, functions, "tenant-a")
    assert found.sound
    assert found.summary() == "40 audit rows of 2 tenants are as they were written."
    assert {call["FunctionName"] for call in functions.asked} == {"smartqueue-local-seal"}
    assert [json.loads(call["Payload"]) for call in functions.asked] == [
        {"action": "verify"},
        {"action": "verify", "tenantId": "tenant-a"},
    ]


def test_problems_are_shown_one_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = {**PROBLEM, "position": None, "auditId": None, "kind": "HEAD_MISMATCH"}
    found = ask(monkeypatch, Functions({**SOUND, "problemCount": 2, "problems": [PROBLEM, nowhere]}))
    assert not found.sound
    assert found.summary().startswith("2 problems in 40 audit rows")
    console = Console(file=io.StringIO(), width=120)
    console.print(found.table())
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[1].split() == ["tenant-a", "REMOVED", "3", "row-3", "it", "is", "gone"]
    assert lines[2].split() == ["tenant-a", "HEAD_MISMATCH", "-", "-", "it", "is", "gone"]


def test_what_was_not_looked_at_is_not_called_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ask(monkeypatch, Functions({**SOUND, "finished": False}))
    assert not found.sound
    assert "no time for more" in found.summary()


@pytest.mark.parametrize(
    "functions",
    [
        Functions(ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "Invoke")),
        Functions({"errorMessage": "database is away"}, "Unhandled"),
    ],
)
def test_no_answer_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch, functions: Functions) -> None:
    with pytest.raises(VerificationError, match=r"deployed\?|smartqueue-local logs seal"):
        ask(monkeypatch, functions)
