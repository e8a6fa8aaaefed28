"""The export function's signature, checked in front of a real receiver as AWS checks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.credentials import ReadOnlyCredentials

from localstack.aws import CREDENTIALS, REGION
from tests.fakes.signing_proxy import SigningProxy
from tests.prometheus.exporter import export

if TYPE_CHECKING:
    from tests.prometheus.conftest import World

PATH = "/workspaces/ws-1/api/v1/remote_write"


def _proxy(world: World, secret: str) -> SigningProxy:
    """A workspace that knows the exporter by this secret."""
    credentials = ReadOnlyCredentials(CREDENTIALS["AWS_ACCESS_KEY_ID"], secret, None)
    return SigningProxy(world.server.remote_write_url, credentials, service="aps", region=REGION)


def test_what_it_sends_is_signed(world: World) -> None:
    with _proxy(world, CREDENTIALS["AWS_SECRET_ACCESS_KEY"]) as proxy:
        done = export(world.cloud, stage="signed", remote_write_url=proxy.url + PATH)
    assert done.returncode == 0, done.stderr
    assert proxy.problems == [None]
    [up] = world.server.query('up{stage="signed"}')
    assert up.value == 1


def test_with_another_key_it_is_refused_in_the_receivers_words(world: World) -> None:
    with _proxy(world, "another secret") as proxy:
        refused = export(world.cloud, stage="unsigned", remote_write_url=proxy.url + PATH)
    assert refused.returncode != 0
    assert "RemoteWriteError: The remote write was answered 403: the signature does not fit" in refused.stderr
    # A refusal will not pass, so it is not repeated.
    assert proxy.problems == ["the signature does not fit the request"]
    assert not world.server.query('{stage="unsigned"}')
