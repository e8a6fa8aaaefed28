"""The door of an MSK broker with IAM: TLS, then Kafka's SASL handshake. It keeps what clients show and lets all in.

Behind the door is a cluster of one broker without topics. Wire formats: https://kafka.apache.org/protocol
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

METADATA, SASL_HANDSHAKE, API_VERSIONS, SASL_AUTHENTICATE = 3, 17, 18, 36
# Key and newest version of what is answered here. Version 1 of SaslAuthenticate tells how long a login is good for.
OFFERED = {METADATA: 1, SASL_HANDSHAKE: 1, API_VERSIONS: 3, SASL_AUTHENTICATE: 1}
ACCEPTED = b'{"version":"2020_10_22","request-id":"1"}'


@dataclass(frozen=True)
class Login:
    """What a client has shown. connection: which of its connections, counted from 1."""

    connection: int
    mechanism: str
    payload: dict[str, Any]


class MskDoor:
    """A context manager. session_seconds: how long a login is good for; 0 for ever."""

    def __init__(self, certificate: Path, *, session_seconds: float = 0) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._session_milliseconds = int(session_seconds * 1000)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[ssl.SSLSocket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.logins: list[Login] = []

    @property
    def port(self) -> int:
        """The port to connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join()

    def hang_up(self) -> None:
        """End every connection."""
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError), self._context.wrap_socket(client, server_side=True) as secure:
            self._connections.append(secure)
            number = len(self._connections)
            mechanism = ""
            for key, correlation, body in _requests(secure):
                answer = b""
                if key == API_VERSIONS:
                    answer = _offer()
                elif key == SASL_HANDSHAKE:
                    mechanism = body[2:].decode()
                    answer = struct.pack("!hi", 0, 1) + _string(mechanism)
                elif key == SASL_AUTHENTICATE:
                    self.logins.append(Login(number, mechanism, json.loads(body[4:])))
                    answer = struct.pack("!hhi", 0, -1, len(ACCEPTED)) + ACCEPTED
                    answer += struct.pack("!q", self._session_milliseconds)
                elif key == METADATA:
                    answer = struct.pack("!ii", 1, 1) + _string("localhost") + struct.pack("!ihii", self.port, -1, 1, 0)
                if answer:
                    secure.sendall(struct.pack("!ii", len(answer) + 4, correlation) + answer)


def _requests(connection: ssl.SSLSocket) -> Iterator[tuple[int, int, bytes]]:
    """Yield each request's key, correlation id and body."""
    with connection.makefile("rb") as stream:
        while len(size := stream.read(4)) == 4:
            request = stream.read(*struct.unpack("!i", size))
            key, _, correlation, name_length = struct.unpack("!hhih", request[:10])
            yield key, correlation, request[10 + max(name_length, 0) :]


def _offer() -> bytes:
    entries = b"".join(struct.pack("!hhhb", key, 0, newest, 0) for key, newest in OFFERED.items())
    return struct.pack("!hb", 0, len(OFFERED) + 1) + entries + struct.pack("!ib", 0, 0)


def _string(text: str) -> bytes:
    return struct.pack("!h", len(text)) + text.encode()
