"""The other side of the demonstration's webhooks: checks each signature, remembers each delivery, can be out of order.

What it does with a signature is all that a real receiver has to do; see standardwebhooks.com.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

_SIGNATURE_MAX_AGE_SECONDS = 300


@dataclass(frozen=True)
class Delivery:
    """One webhook as it came, and what was answered."""

    path: str
    event_type: str
    verified: bool
    status: int


def verify(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Whether `body` was signed with `secret` less than five minutes ago; header names in lower case."""
    timestamp = headers.get("webhook-timestamp", "")
    if not secret or not timestamp.isdecimal() or abs(now - int(timestamp)) > _SIGNATURE_MAX_AGE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split(" "))


class Receiver:
    """A web server on the loopback interface, as a context manager. A path in `broken` is answered with 500."""

    def __init__(self) -> None:
        self.secret = ""
        self.broken: set[str] = set()
        self._deliveries: list[Delivery] = []
        self._lock = threading.Lock()
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where to send to, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def deliveries(self) -> list[Delivery]:
        """What came so far, in order."""
        with self._lock:
            return list(self._deliveries)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """Remember a delivery and return the status of its answer."""
        verified = verify(self.secret, headers, body, now=time.time())
        status = 401 if not verified else 500 if path in self.broken else 200
        with self._lock:
            self._deliveries.append(Delivery(path, _event_type(body), verified, status))
        return status

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would ask DNS for the name of the machine.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 10

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        headers = {name.lower(): value for name, value in self.headers.items()}
        status = self.server.receiver.take(self.path, headers, body)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet: the story tells what came."""


def _event_type(body: bytes) -> str:
    try:
        return str(json.loads(body)["type"])
    except (ValueError, KeyError, TypeError):
        return "unknown"
