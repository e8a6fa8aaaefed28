"""What the trigger and the functions need of AWS, over HTTP on loopback: Lambda's Invoke and GetSecretValue."""

import json
import sys
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from tests.faults.runtime.pool import InvocationError, Pool

INVOKE = "/2015-03-31/functions/"
GET_SECRET = "secretsmanager.GetSecretValue"


class AwsServer:
    """A context manager; `endpoint` is what AWS_ENDPOINT_URL is set to."""

    def __init__(self) -> None:
        self.pool: Pool | None = None
        self.secrets: Mapping[str, Mapping[str, Any]] = {}
        self.problems: list[BaseException] = []
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, aws: AwsServer) -> None:
        self.aws = aws
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, request: object, client_address: object) -> None:  # noqa: ARG002
        # A killed trigger hangs up in the middle of an answer; anything else is for the tests to see.
        problem = sys.exception()
        if problem is not None and not isinstance(problem, ConnectionError):
            self.aws.problems.append(problem)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        if self.path.startswith(INVOKE):
            self._invoke(self.path.removeprefix(INVOKE).partition("/")[0], body)
        elif self.headers.get("x-amz-target") == GET_SECRET:
            self._give_secret(json.loads(body))
        else:
            self._answer(501, {"__type": "NotImplemented", "message": "only Invoke and GetSecretValue"})

    def _invoke(self, function: str, body: bytes) -> None:
        pool = self.server.aws.pool
        if pool is None:
            self._answer(503, {"Type": "Server", "message": "nothing is deployed yet"})
            return
        try:
            self._answer(200, pool.invoke(function, json.loads(body or b"null")))
        except InvocationError as error:
            self._answer(200, json.loads(str(error)), **{"X-Amz-Function-Error": "Unhandled"})

    def _give_secret(self, asked: Mapping[str, str]) -> None:
        name = asked["SecretId"]
        secret = self.server.aws.secrets.get(name)
        if secret is None or asked.get("VersionStage", "AWSCURRENT") != "AWSCURRENT":
            self._answer(400, {"__type": "ResourceNotFoundException", "message": "there is no such secret"})
            return
        self._answer(
            200,
            {
                "ARN": name,
                "Name": name,
                "VersionId": "1",
                "VersionStages": ["AWSCURRENT"],
                "SecretString": json.dumps(secret),
            },
        )

    def _answer(self, status: int, body: Any, **headers: str) -> None:
        encoded = json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/x-amz-json-1.1", **headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(encoded)))
        self.end_headers()
        self.wfile.write(encoded)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay quiet."""
