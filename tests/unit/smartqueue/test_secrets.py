"""Looking for the version of a secret that works, while a rotation goes on."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from smartqueue.secrets import current_versions, forget_secrets, read_secret, secret_versions
from tests.fakes.secret_rotation import begin_rotation

NAME = "smartqueue/test/thing"
OLD, NEW = {"value": "old"}, {"value": "new"}


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws() as account:
        # Another suite's may still be open around it, and then it is the same one.
        account.reset()
        forget_secrets()
        made = boto3.client("secretsmanager")
        made.create_secret(Name=NAME, SecretString=json.dumps(OLD))
        yield made
    forget_secrets()


def fill(client: Any) -> str:
    token = begin_rotation(NAME)
    client.put_secret_value(
        SecretId=NAME, ClientRequestToken=token, SecretString=json.dumps(NEW), VersionStages=["AWSPENDING"]
    )
    return token


def finish(client: Any, token: str) -> None:
    [old] = [
        version
        for version, stages in client.describe_secret(SecretId=NAME)["VersionIdsToStages"].items()
        if "AWSCURRENT" in stages
    ]
    for stage, move in (("AWSCURRENT", {"MoveToVersionId": token, "RemoveFromVersionId": old}), ("AWSPENDING", {})):
        client.update_secret_version_stage(
            SecretId=NAME, VersionStage=stage, **(move or {"RemoveFromVersionId": token})
        )


def test_without_a_rotation_there_is_only_the_current_version(client: Any) -> None:
    assert list(current_versions(NAME)) == [OLD]


def test_an_empty_version_is_passed_over(client: Any) -> None:
    begin_rotation(NAME)
    assert list(current_versions(NAME)) == [OLD]


def test_a_version_that_is_being_rotated_in_comes_second_and_is_not_remembered(client: Any) -> None:
    fill(client)
    assert list(current_versions(NAME)) == [OLD, NEW]
    assert read_secret(NAME) == OLD


def test_a_rotation_that_ended_elsewhere_is_found_after_what_is_known_here(client: Any) -> None:
    assert read_secret(NAME) == OLD
    finish(client, fill(client))
    versions = secret_versions(NAME)
    assert [next(versions), next(versions)] == [OLD, NEW]
    assert read_secret(NAME) == NEW


def test_a_rotation_that_ends_between_two_looks_is_found_all_the_same(client: Any) -> None:
    token = fill(client)
    versions = secret_versions(NAME)
    assert [next(versions), next(versions)] == [OLD, OLD]
    finish(client, token)
    assert list(versions)[-1] == NEW
