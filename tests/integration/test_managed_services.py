"""What AWS stages ask of their data services, put to the local ones: settings that exist, rights that suffice."""

from collections.abc import Iterator

import psycopg
import pytest
import redis
from psycopg import sql

from infra.cdk.components.postgres_parameters import server_parameters
from infra.cdk.components.valkey import ACCESS
from infra.cdk.settings import DatabaseSettings
from tests.integration.harness import SCRAPE_TOKEN, Plane

PARAMETERS = server_parameters(DatabaseSettings())
# RDS's own, and an extension's that the local server does not load.
NOT_HERE = ("rds.", "pg_stat_statements.", "shared_preload_libraries")


@pytest.mark.parametrize("name", [name for name in PARAMETERS if not name.startswith(NOT_HERE)])
def test_postgres_knows_the_parameter_and_takes_its_value(plane: Plane, name: str) -> None:
    with psycopg.connect(plane.postgres.superuser_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(PARAMETERS[name]))
        )
        connection.execute(sql.SQL("ALTER SYSTEM RESET {}").format(sql.Identifier(name)))


@pytest.fixture
def guarded(plane: Plane) -> Iterator[tuple[Plane, redis.Redis]]:
    """The services, whose cache lets functions do what ElastiCache lets them; and an administrator's client."""
    host, port = plane.valkey.host, plane.valkey.port
    with redis.Redis(host=host, port=port) as everybody:
        everybody.execute_command("ACL", "SETUSER", "admin", "on", ">administrator", "~*", "&*", "+@all")
    with redis.Redis(host=host, port=port, username="admin", password="administrator") as admin:
        admin.execute_command("ACL", "SETUSER", "default", "reset", "nopass", *ACCESS.split())
        admin.execute_command("ACL", "LOG", "RESET")
        try:
            yield plane, admin
        finally:
            admin.execute_command("ACL", "SETUSER", "default", "reset", "on", "nopass", "~*", "&*", "+@all")


def test_the_functions_do_all_their_work_with_the_cache_users_rights(guarded: tuple[Plane, redis.Redis]) -> None:
    plane, admin = guarded
    plane.freshen()
    token = plane.admin()
    wrong = {"username": "alice", "password": "not-the-password"}
    assert plane.call("auth", "POST", "/auth/login", wrong).status == 401
    assert plane.call("auth", "POST", "/auth/login", {"username": "alice", "password": "pass123"}).status == 200
    plane.submit_many(token, 2, title="the database is down")
    dead = plane.simulate(token, failTimes=1, retry={"count": 0})
    plane.drive()
    assert plane.call("replay", "POST", "/admin/jobs/{jobId}/replay", token=token, jobId=dead).status == 200
    plane.drive()
    metrics = plane.call("metrics", "GET", "/metrics", token=SCRAPE_TOKEN)
    assert metrics.status == 200
    assert "jobs_created_total 3" in metrics.body
    assert admin.acl_log() == []


@pytest.mark.parametrize(
    "command",
    ["KEYS *", "SCAN 0", "FLUSHALL", "CONFIG GET maxmemory", "CLIENT LIST", "EVAL return(1) 0", "ACL LIST", "SHUTDOWN"],
)
def test_the_cache_user_cannot_look_around_nor_break_anything(guarded: tuple[Plane, redis.Redis], command: str) -> None:
    plane, _ = guarded
    with (
        redis.Redis(host=plane.valkey.host, port=plane.valkey.port) as client,
        pytest.raises(redis.exceptions.NoPermissionError),
    ):
        client.execute_command(*command.split())
