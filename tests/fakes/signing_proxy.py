"""Stands where AWS checks signatures: refuses what is not signed well, and passes the rest on to another server."""

import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from typing import Self

import httpx2
from botocore.credentials import ReadOnlyCredentials

from tests.fakes.signature_check import SignedRequest, signature_problem

# About one connection, or about whom the request is for.
NOT_PASSED_ON = frozenset({"host", "connection", "content-length", "authorization"})


@dataclass
class SigningProxy:
    """A context manager on the loopback interface. target: where good requests go, whatever their path.

    problems: why requests were refused; None for each that was passed on.
    """

    target: str
    credentials: ReadOnlyCredentials
    service: str
    region: str
    problems: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens, without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, request: SignedRequest) -> tuple[int, bytes]:
        """Status and body for a request."""
        problem = signature_problem(request, credentials=self.credentials, service=self.service, region=self.region)
        self.problems.append(problem)
        if problem:
            return 403, problem.encode()
        headers = {name: value for name, value in request.headers.items() if name not in NOT_PASSED_ON}
        passed = httpx2.request(
            request.method, self.target, content=request.body, headers=headers, timeout=10, trust_env=False
        )
        return passed.status_code, passed.content


class _Server(ThreadingHTTPServer):
    def __init__(self, proxy: SigningProxy) -> None:
        self.proxy = proxy
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
        request = SignedRequest(method=self.command, path=self.path, headers=headers, body=body)
        status, answer = self.server.proxy.answer(request)
        self.send_response(status)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet: `problems` tells."""
