"""A webhook receiver on the loopback interface that answers as it is told and remembers what it was sent.

    with WebhookReceiver(Answer(status=503), secret="whsec_...") as receiver:
        ...  # send to receiver.url: the first request gets 503, all others 200
        assert receiver.wait_for(2)[1].json["type"] == "ticket.triaged"

Only the standard library, so that end-to-end tests and demonstrations can use it as it is.
"""

import base64
import hashlib
import hmac
import json
import ssl
import sys
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Any, Self

SIGNATURE_MAX_AGE_SECONDS = 300


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One scripted answer.

    delay_seconds: silence before it. drip_seconds: pause before every byte of the body. hang_up: close without it.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_seconds: float = 0
    drip_seconds: float = 0
    hang_up: bool = False


@dataclass(frozen=True, kw_only=True)
class ReceivedRequest:
    """One request as it came; `headers` has lower-case names. verified: None where the receiver has no secret."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    received_at: float
    verified: bool | None

    @property
    def json(self) -> Any:
        """The body, decoded."""
        return json.loads(self.body)


def verify_signature(secret: str, headers: Mapping[str, str], body: bytes, *, now: float) -> bool:
    """Tell whether `body` was signed with `secret` less than five minutes ago: all that a receiver has to do."""
    message_id, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not timestamp.isdecimal() or abs(now - int(timestamp)) > SIGNATURE_MAX_AGE_SECONDS:
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, hashlib.sha256)
    expected = "v1," + base64.b64encode(digest).decode()
    return any(hmac.compare_digest(expected, given) for given in headers.get("webhook-signature", "").split(" "))


class WebhookReceiver:
    """A context manager; `answers` are used once each, then `otherwise` answers everything.

    secret: verify signatures with it. tls: speak https. problems: what went wrong while serving, such as
    a sender that gave up waiting.
    """

    def __init__(
        self,
        *answers: Answer,
        otherwise: Answer | None = None,
        secret: str | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.otherwise = otherwise or Answer()
        self.requests: list[ReceivedRequest] = []
        self.problems: list[BaseException] = []
        self._answers = deque(answers)
        self._secret = secret
        self._tls = tls
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._server = _Server(self, port)
        if tls is not None:
            # The handshake belongs to the connection's own thread, so that a bad one holds up nobody.
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._server.server_port

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"{'http' if self._tls is None else 'https'}://127.0.0.1:{self.port}/hook"

    def script(self, *answers: Answer) -> None:
        """Add answers for the next requests."""
        with self._changed:
            self._answers.extend(answers)

    def wait_for(self, count: int, *, timeout_seconds: float = 10) -> list[ReceivedRequest]:
        """Return the requests as soon as there are `count` of them. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, timeout_seconds):
                raise TimeoutError(f"{len(self.requests)} of {count} webhooks came within {timeout_seconds} seconds")
            return list(self.requests)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, handler: BaseHTTPRequestHandler) -> Answer:
        """Remember the handler's request and return the answer to it."""
        headers = {name.lower(): value for name, value in handler.headers.items()}
        body = handler.rfile.read(int(headers.get("content-length", "0")))
        now = time.time()
        request = ReceivedRequest(
            method=handler.command,
            path=handler.path,
            headers=headers,
            body=body,
            received_at=now,
            verified=None if self._secret is None else verify_signature(self._secret, headers, body, now=now),
        )
        with self._changed:
            self.requests.append(request)
            answer = self._answers.popleft() if self._answers else self.otherwise
            self._changed.notify_all()
        return answer

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than the receiver lives."""
        self._stopping.wait(seconds)

    @property
    def is_stopping(self) -> bool:
        """Whether answers that take long should be cut short."""
        return self._stopping.is_set()


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, receiver: WebhookReceiver, port: int) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", port), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would ask DNS for the name of the machine.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.socket.getsockname()[1]

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        problem = sys.exception()
        if problem is not None:
            self.receiver.problems.append(problem)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def handle_any(self) -> None:
        receiver = self.server.receiver
        answer = receiver.take(self)
        receiver.pause(answer.delay_seconds)
        self.close_connection = True
        if answer.hang_up:
            return
        self.send_response(answer.status)
        for name, value in {"Content-Length": str(len(answer.body)), "Connection": "close", **answer.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if not answer.drip_seconds:
            self.wfile.write(answer.body)
            return
        for byte in answer.body:
            receiver.pause(answer.drip_seconds)
            if receiver.is_stopping:
                return
            self.wfile.write(bytes([byte]))

    do_POST = do_GET = do_PUT = handle_any  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet: the requests are there to be looked at."""
