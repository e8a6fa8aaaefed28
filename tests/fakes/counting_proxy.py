"""A TCP proxy on the loopback interface that counts round trips: how often a client asked and waited for an answer.

    with CountingProxy(port_of_postgres) as proxy:
        ...  # connect to proxy.port
        assert proxy.round_trips == 3

What the client sends is held back until it has been quiet for a moment, so that a long request that travels in many
segments, or a pipeline that is answered while it is still being sent, counts as the one round trip that it is.
"""

import contextlib
import select
import socket
import threading
from typing import Self

QUIET_SECONDS = 0.04
CHUNK_BYTES = 1 << 20


class CountingProxy:
    """A context manager in front of a server on 127.0.0.1."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._round_trips = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []

    @property
    def port(self) -> int:
        """The port to connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def round_trips(self) -> int:
        """How many there were, over all connections."""
        with self._lock:
            return self._round_trips

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            self._sockets += [client, server]
            self._start(self._carry, client, server)

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, contextlib.suppress(OSError):
            held = bytearray()
            asked = False
            while True:
                ready, _, _ = select.select([client, server], [], [], QUIET_SECONDS if held else None)
                if client in ready:
                    data = client.recv(CHUNK_BYTES)
                    if not data:
                        server.sendall(held)
                        return
                    held += data
                if server in ready:
                    data = server.recv(CHUNK_BYTES)
                    if not data:
                        return
                    if asked:
                        asked = False
                        with self._lock:
                            self._round_trips += 1
                    client.sendall(data)
                if held and not ready:
                    server.sendall(held)
                    held.clear()
                    asked = True
