"""A stage whose functions could use up the database's connections is refused before anything is deployed."""

import os
import subprocess
import sys

import pytest

from infra.cdk.components.code_assets import REPOSITORY
from infra.cdk.connections import USERS_OF_THE_DATABASE, TooManyConnectionsError, check_connections
from infra.cdk.settings import StageSettings
from infra.cdk.stages import DEV, LOCAL, PROD
from tests.infra.assembly import Assembly

# They run one at a time, now and then; the server's spare connections are for them.
NOW_AND_THEN = {"migrate", "rotate", "seal"}


@pytest.mark.parametrize("stage", [LOCAL, DEV, PROD], ids=lambda stage: str(stage.name))
def test_every_stage_has_connections_for_all_its_functions(stage: StageSettings) -> None:
    check_connections(stage)


def test_all_users_of_the_database_are_counted(prod: Assembly) -> None:
    users = {name for name in prod.functions if "DATABASE_HOST" in prod.environment(name)}
    assert users == {*USERS_OF_THE_DATABASE, *NOW_AND_THEN}


def test_more_functions_than_connections_are_refused() -> None:
    with pytest.raises(TooManyConnectionsError, match=r"may open 472 connections .* 300 of its 400 are for them"):
        check_connections(PROD.with_values({"functions.submit.reserved-concurrency": "300"}))


def test_the_last_connection_may_be_used_and_no_other() -> None:
    with_28_more = {"functions.submit.reserved-concurrency": "128"}
    check_connections(PROD.with_values(with_28_more))
    with pytest.raises(TooManyConnectionsError):
        check_connections(PROD.with_values({"functions.submit.reserved-concurrency": "129"}))


def test_a_function_without_a_bound_is_refused() -> None:
    with pytest.raises(TooManyConnectionsError, match="connections to the database of query, relay:"):
        check_connections(
            PROD.with_values(
                {"functions.query.reserved-concurrency": "none", "functions.relay.reserved-concurrency": "none"}
            )
        )


def test_behind_a_proxy_there_may_be_any_number() -> None:
    check_connections(PROD.with_values({"database.proxy": "true", "functions.submit.reserved-concurrency": "none"}))


@pytest.mark.parametrize(
    ("context", "sentence"),
    [
        (
            '{"stage": "prod", "functions.submit.reserved-concurrency": "none"}',
            "Nothing bounds the connections to the database of submit",
        ),
        ('{"stage": "prod", "cache": "none"}', "cache=none makes no sense"),
    ],
)
def test_the_command_line_gets_one_clear_sentence(context: str, sentence: str) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "infra.cdk.app"],
        cwd=REPOSITORY,
        env={**os.environ, "CDK_CONTEXT_JSON": context},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.splitlines()[-1].startswith(sentence)
