"""An OpenAI-compatible chat completions server on loopback, whose answers depend on nothing but the ticket's text.

It misbehaves on demand: by a marker in the ticket, such as `[ai:429]`, or by what `script` and `always` say. Start it
in a process with `with FakeOpenAI() as server`, or alone: `python -m tests.fakes.openai_server --port 8123`.
"""

import argparse
import json
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.fakes.openai_answers import completion, schema_problem, ticket_of

# Markers and script entries are these words, optionally with a number: `delay=0.5` seconds, `429=2` Retry-After.
BEHAVIOURS = (
    "ok",
    "low",  # a valid answer with confidence 0.3
    "refusal",
    "empty",  # neither an answer nor a refusal
    "invalid-json",
    "wrong-enum",
    "wrong-confidence",
    "no-action",
    "no-choices",
    "not-json",  # a 200 whose body is not JSON, as a proxy in between would send
    "delay",
    "length",  # finish_reason length
    "filter",  # finish_reason content_filter
    "reset",  # the connection breaks without an answer
    "400",
    "401",
    "403",
    "404",
    "429",
    "500",
)
_MARKER = re.compile(r"\[ai:([a-z0-9-]+)(?:=([0-9.]+))?\]")


@dataclass(frozen=True)
class RecordedRequest:
    """One chat completion request as it arrived; header names in lower case."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]
    ticket: Mapping[str, str]


@dataclass
class FakeOpenAI:
    """The server; give `base_url` to the client. `requests` holds what arrived, in order.

    api_key: the only key that is accepted; None accepts any.
    """

    port: int = 0
    api_key: str | None = None
    requests: list[RecordedRequest] = field(default_factory=list)
    most_at_once: int = 0

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._script: deque[str] = deque()
        self._always: str | None = None
        self._under_way: set[int] = set()
        self._server = _Server(("127.0.0.1", self.port), _Handler)
        self._server.fake = self
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def base_url(self) -> str:
        """What OPENAI_BASE_URL is set to."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def calls(self) -> int:
        """How many chat completion requests arrived, retries included."""
        return len(self.requests)

    def script(self, *behaviours: str) -> None:
        """Let the next requests behave like this, one each, whatever their text says."""
        self._script.extend(_checked(behaviour) for behaviour in behaviours)

    def always(self, behaviour: str | None) -> None:
        """Let every request that the script does not cover behave like this; None: by the ticket's markers again."""
        self._always = None if behaviour is None else _checked(behaviour)

    def reset(self) -> None:
        """Forget requests, script and standing behaviour."""
        with self._lock:
            self.requests.clear()
            self._script.clear()
            self._always = None
            self._under_way.clear()
            self.most_at_once = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def arrived(self, request: RecordedRequest) -> tuple[str, float]:
        """Record a request and return the behaviour and number it calls for."""
        with self._lock:
            self.requests.append(request)
            self._under_way.add(id(request))
            self.most_at_once = max(self.most_at_once, len(self._under_way))
            wanted = self._script.popleft() if self._script else self._always
        text = f"[ai:{wanted}]" if wanted else " ".join(request.ticket.values())
        marker = _MARKER.search(text)
        return (marker[1], float(marker[2] or 0)) if marker else ("ok", 0.0)

    def left(self, request: RecordedRequest) -> None:
        """Note that a request is done."""
        with self._lock:
            self._under_way.discard(id(request))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # The default of 5 would make a burst of new connections wait for the kernel's next try, a second later.
    request_queue_size = 128
    fake: FakeOpenAI

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: clients that hang up are what is being tested."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class says so
        """Stay silent."""

    def do_POST(self) -> None:
        """Answer one request."""
        raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/chat/completions":
            self._error(404, "unknown path")
            return
        body: dict[str, Any] = json.loads(raw)
        headers = {name.lower(): value for name, value in self.headers.items()}
        fake = self.server.fake
        request = RecordedRequest(headers, body, ticket_of(body))
        behaviour, number = fake.arrived(request)
        try:
            expected = f"Bearer {fake.api_key}" if fake.api_key else headers.get("authorization", "")
            if not expected or headers.get("authorization") != expected:
                self._error(401, "Incorrect API key provided")
            elif problem := schema_problem(body):
                self._error(400, problem)
            else:
                self._behave(behaviour, number, body)
        finally:
            fake.left(request)

    def _behave(self, behaviour: str, number: float, body: Mapping[str, Any]) -> None:
        if behaviour == "reset":
            # Lingering for no time at all turns the close into a TCP reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif behaviour.isdigit():
            self._error(int(behaviour), "as scripted", retry_after=number)
        elif behaviour == "not-json":
            self._send(200, b"<html>proxy</html>", "text/html")
        else:
            if behaviour == "delay":
                time.sleep(number)
            self._send(200, json.dumps(completion(behaviour, body)).encode(), "application/json")

    def _error(self, status: int, message: str, *, retry_after: float = 0) -> None:
        body = json.dumps({"error": {"message": message, "type": "fake", "param": None, "code": None}})
        self._send(status, body.encode(), "application/json", {"Retry-After": str(retry_after)} if retry_after else {})

    def _send(self, status: int, body: bytes, content_type: str, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _checked(behaviour: str) -> str:
    if behaviour.partition("=")[0] not in BEHAVIOURS:
        raise ValueError(f"unknown behaviour: {behaviour}")
    return behaviour


def main() -> None:
    """Serve until stopped; the first line on standard output is the base URL."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--api-key", help="accept only this key")
    arguments = parser.parse_args()
    with FakeOpenAI(port=arguments.port, api_key=arguments.api_key) as server:
        print(server.base_url, flush=True)  # noqa: T201 - tells whoever started it where it listens
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
