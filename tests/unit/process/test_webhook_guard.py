"""The guard on the way out: what it resolves, what it refuses, and where it really connects."""

import asyncio
import socket
import time
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import httpcore2
import pytest

from functions.process.webhooks.guard import GuardedBackend, Resolver, resolve_host
from smartqueue.errors import PermanentError, RetryableError
from smartqueue.webhook_urls import Address, parse_networks

LOOPBACK = parse_networks("127.0.0.0/8")


class RecordingBackend(httpcore2.AsyncNetworkBackend):
    """Connects nowhere; the addresses in `dead` refuse, those in `silent` never answer."""

    def __init__(self, *, dead: Iterable[str] = (), silent: Iterable[str] = ()) -> None:
        self.connected: list[tuple[str, int]] = []
        self._dead = set(dead)
        self._silent = set(silent)

    async def connect_tcp(self, host: str, port: int, timeout: float | None = None, *_: Any) -> Any:
        self.connected.append((host, port))
        if host in self._dead:
            raise httpcore2.ConnectError
        if host in self._silent:
            try:
                await asyncio.wait_for(asyncio.Event().wait(), timeout)
            except TimeoutError:
                raise httpcore2.ConnectTimeout from None
        return httpcore2.AsyncNetworkStream()


def answering(*answers: list[str]) -> Resolver:
    """A resolver that gives the next answer every time it is asked."""
    remaining = list(answers)

    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address(text) for text in remaining.pop(0)]

    return resolve


def connect(
    resolve: Resolver,
    inner: RecordingBackend,
    *,
    scheme: str = "https",
    port: int = 443,
    timeout: float | None = 5,
) -> None:
    """Open one connection to example.com through a guard that allows loopback addresses."""
    guard = GuardedBackend(scheme=scheme, networks=LOOPBACK, resolve=resolve, inner=inner)
    asyncio.run(guard.connect_tcp("example.com", port, timeout))


def test_connects_to_the_checked_address_and_not_to_the_name() -> None:
    inner = RecordingBackend()
    connect(answering(["1.1.1.1"]), inner)
    assert inner.connected == [("1.1.1.1", 443)]


def test_a_name_that_changes_its_address_is_asked_once_per_connection() -> None:
    inner = RecordingBackend()
    resolve = answering(["1.1.1.1"], ["10.0.0.1"])
    connect(resolve, inner)
    with pytest.raises(PermanentError):
        connect(resolve, inner)
    assert inner.connected == [("1.1.1.1", 443)]


@pytest.mark.parametrize("addresses", [["10.0.0.1"], ["1.1.1.1", "10.0.0.1"], ["1.1.1.1", "::ffff:169.254.169.254"]])
def test_one_bad_address_refuses_the_name_without_telling_which(addresses: list[str]) -> None:
    inner = RecordingBackend()
    with pytest.raises(PermanentError) as caught:
        connect(answering(addresses), inner)
    assert str(caught.value) == "The URL's host is not a public address."
    assert inner.connected == []


def test_plain_http_is_for_allowed_networks_only() -> None:
    inner = RecordingBackend()
    connect(answering(["127.0.0.1"]), inner, scheme="http", port=80)
    with pytest.raises(PermanentError, match="https"):
        connect(answering(["1.1.1.1"]), inner, scheme="http", port=80)
    with pytest.raises(PermanentError, match="https"):
        connect(answering(["127.0.0.1", "1.1.1.1"]), inner, scheme="http", port=80)
    assert inner.connected == [("127.0.0.1", 80)]


def test_ports_are_checked_again_before_the_name_is_asked() -> None:
    with pytest.raises(PermanentError, match="port"):
        connect(answering(), RecordingBackend(), port=25)


def test_dead_and_silent_addresses_do_not_hide_a_good_one() -> None:
    inner = RecordingBackend(dead=["1.1.1.1"], silent=["1.1.1.2"])
    connect(answering(["1.1.1.1", "1.1.1.2", "1.1.1.3"]), inner, timeout=0.3)
    assert [host for host, _ in inner.connected] == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]


def test_only_a_few_dead_addresses_are_tried() -> None:
    addresses = [f"1.1.1.{n}" for n in range(1, 20)]
    inner = RecordingBackend(dead=addresses)
    with pytest.raises(httpcore2.ConnectError):
        connect(answering(addresses), inner)
    assert len(inner.connected) == 3


def test_a_slow_name_server_counts_against_the_time_to_connect() -> None:
    async def resolve(host: str, port: int) -> list[Address]:
        await asyncio.sleep(60)
        return []

    started = time.monotonic()
    with pytest.raises(httpcore2.ConnectTimeout):
        connect(resolve, RecordingBackend(), timeout=0.1)
    assert time.monotonic() - started < 10


def test_unix_sockets_are_out_of_reach() -> None:
    guard = GuardedBackend(scheme="http", networks=LOOPBACK)
    with pytest.raises(NotImplementedError):
        asyncio.run(guard.connect_unix_socket("/run/docker.sock"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "017700000001"])
def test_every_spelling_of_an_address_is_read_as_the_address(host: str) -> None:
    assert asyncio.run(resolve_host(host, 80)) == [ip_address("127.0.0.1")]


def test_names_that_do_not_resolve_are_worth_another_try(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(RetryableError, match="cannot be resolved"):
        asyncio.run(resolve_host("nowhere.example", 443))


def test_what_cannot_be_a_name_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(PermanentError, match="cannot be read"):
        asyncio.run(resolve_host("a" * 64 + ".example", 443))


def test_addresses_come_once_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("2606:4700::1", 443, 0, 0)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443)),
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("1.1.1.1", 443)),
        (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("fe80::1%2", 443, 0, 2)),
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    addresses = asyncio.run(resolve_host("example.com", 443))
    assert addresses == [ip_address("2606:4700::1"), ip_address("1.1.1.1"), ip_address("fe80::1%2")]
