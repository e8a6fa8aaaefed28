"""A TLS front on the loopback interface: takes connections, does the handshake, and hands them on or hangs up.

The embedded servers are built without TLS, so this stands before them as their own would stand in them.
"""

import contextlib
import socket
import ssl
import struct
import threading
from pathlib import Path
from typing import Self

SSL_REQUEST = struct.pack("!II", 8, 80877103)
CHUNK_BYTES = 1 << 16


class TlsFront:
    """A context manager. target_port: a PostgreSQL server; none hangs up after the handshake.

    handshakes: how many clients went on after they had seen the certificate. refusals: how many did not.
    """

    def __init__(self, certificate: Path, *, target_port: int | None = None) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self.handshakes = 0
        self.refusals = 0

    @property
    def port(self) -> int:
        """The port to connect to."""
        port: int = self._listener.getsockname()[1]
        return port

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for end in list(self._sockets):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _start(self, target: object, *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.append(client)
                self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            if self._target_port is not None:
                self._answer_ssl_request(client)
            with self._context.wrap_socket(client, server_side=True, do_handshake_on_connect=False) as secure:
                self._sockets.append(secure)
                first = self._shake_hands(secure)
                if first and self._target_port is not None:
                    self._hand_on(secure, first, self._target_port)

    def _shake_hands(self, secure: ssl.SSLSocket) -> bytes:
        """Return the first that the client says; nothing if it refuses the certificate."""
        first = b""
        with contextlib.suppress(OSError):
            secure.do_handshake()
            # With TLS 1.3 a client's refusal comes after the server's side of the handshake.
            first = secure.recv(CHUNK_BYTES)
        self.handshakes += bool(first)
        self.refusals += not first
        return first

    @staticmethod
    def _answer_ssl_request(client: socket.socket) -> None:
        asked = client.recv(len(SSL_REQUEST))
        if asked != SSL_REQUEST:
            raise OSError("the client does not want TLS")
        client.sendall(b"S")

    def _hand_on(self, secure: ssl.SSLSocket, first: bytes, port: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as server:
            self._sockets.append(server)
            server.sendall(first)
            back = threading.Thread(target=_pump, args=(server, secure), daemon=True)
            back.start()
            _pump(secure, server)
            back.join()


def _pump(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
