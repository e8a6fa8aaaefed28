"""The way out for webhooks: connects only to addresses that it has checked itself, never to a name.

The check sits inside the connection step, and the connection goes to the very address that was checked, so a name
that changes its address in between (DNS rebinding) gains nothing. TLS still verifies the name.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import httpcore2
import httpx2

from smartqueue.errors import PermanentError, RetryableError
from smartqueue.webhook_urls import PORT_REFUSED, UNREADABLE, Address, Networks, explain_refusal, is_port_allowed

Resolver = Callable[[str, int], Awaitable[list[Address]]]

MAX_ADDRESSES_TRIED = 3

# Not the event loop's own executor: `asyncio.run` waits for that one, and so for every tenant's slow name server.
_lookups = ThreadPoolExecutor(max_workers=32, thread_name_prefix="webhook-dns")


async def resolve_host(host: str, port: int) -> list[Address]:
    """Return the addresses of `host` in the order to try them.

    Raises RetryableError if it has none now, PermanentError if it cannot be a host name.
    """

    def look_up() -> list[Address]:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        return list(dict.fromkeys(ip_address(sockaddr[0]) for *_, sockaddr in answers))

    try:
        return await asyncio.get_running_loop().run_in_executor(_lookups, look_up)
    except UnicodeError:
        raise PermanentError(UNREADABLE) from None
    except OSError as error:
        raise RetryableError("The URL's host name cannot be resolved.") from error


class GuardedBackend(httpcore2.AsyncNetworkBackend):
    """Opens TCP connections for one scheme, after checking every address that the host has."""

    def __init__(
        self,
        *,
        scheme: str,
        networks: Networks,
        resolve: Resolver = resolve_host,
        inner: httpcore2.AsyncNetworkBackend | None = None,
    ) -> None:
        self._scheme = scheme
        self._networks = networks
        self._resolve = resolve
        self._inner = inner or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to the first address of `host` that accepts, within `timeout` for the lookup and all of them.

        Raises PermanentError if webhooks must not go there, RetryableError if the name does not resolve, and
        httpcore2's ConnectError and ConnectTimeout.
        """
        try:
            async with asyncio.timeout(timeout):
                addresses = (await self._find_addresses(host, port))[:MAX_ADDRESSES_TRIED]
                share = None if timeout is None else timeout / len(addresses)
                failure: Exception = httpcore2.ConnectError()
                for address in addresses:
                    try:
                        return await self._inner.connect_tcp(str(address), port, share, local_address, socket_options)
                    except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                        failure = error
                raise failure
        except TimeoutError as error:
            raise httpcore2.ConnectTimeout from error

    async def _find_addresses(self, host: str, port: int) -> list[Address]:
        if not is_port_allowed(port):
            raise PermanentError(PORT_REFUSED)
        addresses = await self._resolve(host, port)
        # One bad address is enough: an honest name has no use for it.
        for address in addresses:
            reason = explain_refusal(address, self._networks, scheme=self._scheme)
            if reason is not None:
                raise PermanentError(reason)
        return addresses


class GuardedTransport(httpx2.AsyncHTTPTransport):
    """httpx2's transport on top of a guarded backend, for one scheme.

    It is used without httpx2's client, which would keep cookies from one tenant to the next, read proxies from the
    environment, unpack compressed bodies of any size, and log URLs. Connections are not kept: every delivery gets
    its own check, and one event loop never meets the sockets of another.
    """

    def __init__(self, backend: GuardedBackend, *, tls: ssl.SSLContext | None = None) -> None:
        # httpx2 has no argument for the backend. Should it rename the pool, then nothing is sent at all.
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=None,
            max_keepalive_connections=0,
            network_backend=backend,
        )
