"""Rotating what opens the database and what signs tokens, while both are in use: no request fails on the way."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import boto3
import jwt
import psycopg
import pytest
from psycopg.rows import dict_row

from functions.rotate.kinds import RotationError
from smartqueue.database import Database
from smartqueue.role_passwords import set_password
from smartqueue.secrets import secret_versions
from smartqueue.settings import DatabaseSettings
from tests.fakes.secret_rotation import STEPS, begin_rotation, rotate_step_by_step
from tests.integration.harness import Plane

LOGIN = {"username": "alice", "password": "pass123"}


@pytest.fixture
def rotating_plane(plane: Plane) -> Iterator[Plane]:
    """The services; in the end all roles and secrets are as before."""
    yield plane
    client = boto3.client("secretsmanager", region_name="us-east-1")
    for name in plane.secrets():
        client.delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)
    plane.create_secrets()
    with psycopg.connect(plane.postgres.superuser_url, autocommit=True, row_factory=dict_row) as connection:
        set_password(connection, plane.postgres.user, plane.postgres.password)
    plane.freshen()
    plane.invoke("migrate", {})
    plane.freshen()


def rotate(plane: Plane, name: str) -> Iterator[str]:
    return rotate_step_by_step(plane.secret_name(name), partial(plane.invoke, "rotate"))


def current(plane: Plane, name: str) -> Any:
    client = boto3.client("secretsmanager", region_name="us-east-1")
    found = client.get_secret_value(SecretId=plane.secret_name(name), VersionStage="AWSCURRENT")
    return json.loads(found["SecretString"])


class Restless:
    """An environment that opens a new connection for every statement, with what it remembers of its secret."""

    def __init__(self, plane: Plane, function: str) -> None:
        settings = DatabaseSettings.from_environment(plane.environment(function))
        self._database = Database(settings, partial(secret_versions, settings.database_secret_id))
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.worked = 0
        self.failures: list[Exception] = []

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._database.query("SELECT 1", {})
                self.worked += 1
            except Exception as error:  # noqa: BLE001 - the test judges it
                self.failures.append(error)
            self._database.close()

    def wait(self, statements: int = 5) -> None:
        """Wait until some more were run."""
        enough = self.worked + statements
        pause = threading.Event()
        while self.worked < enough and not self.failures:
            pause.wait(0.005)

    def __enter__(self) -> "Restless":
        self._thread.start()
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


def test_the_password_of_a_role_is_rotated_under_the_feet_of_its_functions(rotating_plane: Plane) -> None:
    plane = rotating_plane
    token = plane.admin()
    seen: dict[str, list[int]] = {}
    with Restless(plane, "query") as restless:
        for step in rotate(plane, "database/api"):
            restless.wait()
            # With the connection it has, with a new one, and as a new environment that remembers nothing.
            answers = [plane.call("query", "GET", "/jobs", token=token).status]
            plane.close_clients()
            answers.append(plane.call("query", "GET", "/jobs", token=token).status)
            plane.freshen()
            answers.append(plane.call("query", "GET", "/jobs", token=token).status)
            seen[step] = answers
    assert seen == {step: [200, 200, 200] for step in ("begun", *STEPS)}
    assert restless.failures == []
    renewed = current(plane, "database/api")
    assert renewed["username"] == "smartqueue_api"
    assert renewed["password"] != plane.database_secret("api")["password"]
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plane.postgres.url, user="smartqueue_api", password=plane.database_secret("api")["password"])


def test_the_owners_own_password_is_rotated_while_it_is_needed(rotating_plane: Plane) -> None:
    plane = rotating_plane
    with Restless(plane, "migrate") as restless:
        for _ in rotate(plane, "database/owner"):
            restless.wait()
            plane.close_clients()
            assert plane.invoke("migrate", {}) == {"applied": []}
            plane.freshen()
            assert plane.invoke("migrate", {}) == {"applied": []}
    assert restless.failures == []
    assert current(plane, "database/owner")["password"] != plane.postgres.password
    # The new owner goes on to rotate the others.
    assert list(rotate(plane, "database/api"))[-1] == "finishSecret"


def test_two_rotations_in_a_row(rotating_plane: Plane) -> None:
    plane = rotating_plane
    passwords = [current(plane, "database/api")["password"]]
    for _ in range(2):
        for _ in rotate(plane, "database/api"):
            pass
        passwords.append(current(plane, "database/api")["password"])
    assert len(set(passwords)) == 3
    plane.freshen()
    assert plane.call("query", "GET", "/jobs", token=plane.admin()).status == 200


def test_a_deployment_in_the_middle_of_a_rotation_does_not_undo_it(rotating_plane: Plane) -> None:
    plane = rotating_plane
    for step in rotate(plane, "database/api"):
        # It gives roles the passwords of their secrets; the current one is the old one until the last step.
        assert plane.invoke("migrate", {}) == {"applied": []}, step
    plane.freshen()
    assert plane.call("query", "GET", "/jobs", token=plane.admin()).status == 200


def test_a_step_may_be_repeated_after_a_crash(rotating_plane: Plane) -> None:
    plane = rotating_plane
    name = plane.secret_name("database/api")
    token = begin_rotation(name)
    for step in ("createSecret", "setSecret", "createSecret", "setSecret", "testSecret", "finishSecret", "setSecret"):
        plane.invoke("rotate", {"SecretId": name, "ClientRequestToken": token, "Step": step})
    plane.freshen()
    assert plane.call("query", "GET", "/jobs", token=plane.admin()).status == 200


def test_a_new_schedule_is_tried_out_with_a_copy_of_the_current_version(rotating_plane: Plane) -> None:
    plane = rotating_plane
    client = boto3.client("secretsmanager", region_name="us-east-1")
    for secret in ("database/api", "database/owner", "token-keys"):
        name = plane.secret_name(secret)
        token = begin_rotation(name)
        copy = json.dumps(current(plane, secret))
        client.put_secret_value(
            SecretId=name, ClientRequestToken=token, SecretString=copy, VersionStages=["AWSPENDING"]
        )
        plane.invoke("rotate", {"SecretId": name, "ClientRequestToken": token, "Step": "testSecret"})


def test_a_password_that_was_not_set_is_not_made_the_current_one(rotating_plane: Plane) -> None:
    plane = rotating_plane
    name = plane.secret_name("database/api")
    token = begin_rotation(name)
    plane.invoke("rotate", {"SecretId": name, "ClientRequestToken": token, "Step": "createSecret"})
    with pytest.raises(RotationError, match="smartqueue_api cannot log in"):
        plane.invoke("rotate", {"SecretId": name, "ClientRequestToken": token, "Step": "testSecret"})
    assert current(plane, "database/api") == plane.database_secret("api")


def test_a_role_that_the_database_does_not_have_is_told(rotating_plane: Plane) -> None:
    plane = rotating_plane
    plane.change_secret("database/api", {"username": "cache_user", "password": "x"})
    with pytest.raises(RotationError, match="the database has no role cache_user"):
        for _ in rotate(plane, "database/api"):
            pass


def test_tokens_outlive_the_rotation_of_the_key_that_signed_them(rotating_plane: Plane) -> None:
    plane = rotating_plane
    before = plane.admin()
    for step in rotate(plane, "token-keys"):
        remembering = plane.call("query", "GET", "/jobs", token=before).status
        plane.freshen()
        fresh = plane.call("query", "GET", "/jobs", token=before).status
        new = plane.call("auth", "POST", "/auth/login", LOGIN).body["token"]
        assert (remembering, fresh, plane.call("query", "GET", "/jobs", token=new).status) == (200, 200, 200), step
    assert jwt.get_unverified_header(new)["kid"] == current(plane, "token-keys")["kid"] != "1"

    # Two rotations later the key is gone, whatever its token says of its own end.
    for _ in rotate(plane, "token-keys"):
        pass
    plane.freshen()
    assert [plane.call("query", "GET", "/jobs", token=token).status for token in (before, new)] == [401, 200]
