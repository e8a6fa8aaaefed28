"""The four steps against Secrets Manager's rules: in order, again and again, and for what is no rotation at all."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from functions.rotate.kinds import Content, Kind, RotationError
from functions.rotate.rotation import rotate
from functions.rotate.versions import SecretVersions
from tests.fakes.secret_rotation import STEPS, begin_rotation

NAME = "smartqueue/test/thing"
OLD = {"value": "old"}


class FakeKind:
    """A service that takes whatever it is told, and remembers it."""

    def __init__(self) -> None:
        self.renewed = 0
        self.applied: list[tuple[Content, Content]] = []
        self.tested: list[Content] = []
        self.broken = False

    def renew(self, current: Content) -> Content:  # noqa: ARG002
        self.renewed += 1
        return {"value": f"new {self.renewed}"}

    def apply(self, current: Content, pending: Content) -> None:
        self.applied.append((current, pending))

    def test(self, current: Content, pending: Content) -> None:  # noqa: ARG002
        self.tested.append(pending)
        if self.broken:
            raise RotationError("the service refuses it")


class Vault:
    """One secret and its rotation."""

    def __init__(self) -> None:
        self.client = boto3.client("secretsmanager", region_name="us-east-1")
        self.client.create_secret(Name=NAME, SecretString=json.dumps(OLD))
        self.kind = FakeKind()

    def step(self, step: str, token: str, *, kind: Kind | None = None) -> None:
        rotate(step, SecretVersions(self.client, NAME, token), lambda _: kind or self.kind)

    def read(self, stage: str = "AWSCURRENT") -> Any:
        return json.loads(self.client.get_secret_value(SecretId=NAME, VersionStage=stage)["SecretString"])

    @property
    def stages(self) -> dict[str, list[str]]:
        return self.client.describe_secret(SecretId=NAME)["VersionIdsToStages"]


@pytest.fixture
def vault() -> Iterator[Vault]:
    with mock_aws() as account:
        # Another suite's may still be open around it, and then it is the same one.
        account.reset()
        yield Vault()


def test_the_four_steps_bring_in_a_new_version_and_keep_the_old_as_previous(vault: Vault) -> None:
    token = begin_rotation(NAME)
    seen = []
    for step in STEPS:
        vault.step(step, token)
        seen.append(vault.read())
    assert seen == [OLD, OLD, OLD, {"value": "new 1"}]
    assert vault.read("AWSPREVIOUS") == OLD
    assert "AWSCURRENT" in vault.stages[token]
    assert vault.kind.applied == [(OLD, {"value": "new 1"})]
    assert vault.kind.tested == [{"value": "new 1"}]


def test_every_step_may_come_twice(vault: Vault) -> None:
    token = begin_rotation(NAME)
    for step in STEPS:
        vault.step(step, token)
        vault.step(step, token)
    assert vault.kind.renewed == 1
    assert {pending["value"] for _, pending in vault.kind.applied} == {"new 1"}
    assert vault.read() == {"value": "new 1"}


def test_a_rotation_that_failed_starts_over_with_the_same_version(vault: Vault) -> None:
    token = begin_rotation(NAME)
    vault.kind.broken = True
    vault.step("createSecret", token)
    vault.step("setSecret", token)
    with pytest.raises(RotationError, match="refuses"):
        vault.step("testSecret", token)
    assert vault.read() == OLD
    vault.kind.broken = False
    for step in STEPS:
        vault.step(step, token)
    assert (vault.read(), vault.kind.renewed) == ({"value": "new 1"}, 1)


def test_steps_of_a_finished_rotation_change_nothing_any_more(vault: Vault) -> None:
    token = begin_rotation(NAME)
    for step in STEPS:
        vault.step(step, token)
    before = vault.stages
    for step in STEPS:
        vault.step(step, token)
    assert vault.stages == before
    assert len(vault.kind.applied) == 1


def test_one_rotation_after_the_other(vault: Vault) -> None:
    for number in (1, 2, 3):
        token = begin_rotation(NAME)
        for step in STEPS:
            vault.step(step, token)
        assert vault.read() == {"value": f"new {number}"}
    assert vault.read("AWSPREVIOUS") == {"value": "new 2"}


@pytest.mark.parametrize("step", ["setSecret", "testSecret", "finishSecret"])
def test_a_step_before_the_first_is_refused(vault: Vault, step: str) -> None:
    token = begin_rotation(NAME)
    with pytest.raises(RotationError, match="createSecret comes first"):
        vault.step(step, token)
    assert vault.read() == OLD


def test_a_version_that_is_not_being_rotated_in_is_refused(vault: Vault) -> None:
    begin_rotation(NAME)
    for token in ("00000000-0000-0000-0000-000000000000", ""):
        with pytest.raises(RotationError, match="not being rotated to the version"):
            vault.step("createSecret", token)
    old = vault.client.put_secret_value(SecretId=NAME, SecretString='{"value": "odd"}', VersionStages=["OTHER"])
    with pytest.raises(RotationError, match="not being rotated to the version"):
        vault.step("finishSecret", old["VersionId"])
    assert vault.read() == OLD


def test_a_secret_without_rotation_is_refused(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    token = begin_rotation(NAME)
    vault.client.cancel_rotate_secret(SecretId=NAME)
    with pytest.raises(RotationError, match="not set up to be rotated"):
        vault.step("createSecret", token)


def test_a_step_that_nobody_knows_is_refused(vault: Vault) -> None:
    token = begin_rotation(NAME)
    with pytest.raises(RotationError, match="no step 'dropSecret'"):
        vault.step("dropSecret", token)


@pytest.mark.parametrize("text", ["not JSON hunter2", '["hunter2"]', '"hunter2"'])
def test_a_secret_that_holds_no_object_is_refused_without_being_shown(vault: Vault, text: str) -> None:
    vault.client.put_secret_value(SecretId=NAME, SecretString=text)
    token = begin_rotation(NAME)
    with pytest.raises(RotationError) as caught:
        vault.step("createSecret", token)
    assert NAME in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or "hunter2" not in str(caught.value.__context__)
