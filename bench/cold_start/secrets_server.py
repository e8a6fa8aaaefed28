"""Secrets Manager over TLS, for its cost: a first call reads the whole list of authorities, and shakes hands."""

import json
import ssl
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from localstack.certificates import make_certificates

HOST = "localhost"


class SecretsServer:
    """A context manager that answers GetSecretValue; `variables` lets botocore find and trust it."""

    def __init__(self, folder: Path, secrets: Mapping[str, Mapping[str, Any]], authorities: Path) -> None:
        """authorities: whom the functions trust otherwise; they have to read that list too."""
        certificate, authority = make_certificates(folder, HOST)
        self._bundle = folder / "bundle.pem"
        self._bundle.write_bytes(authorities.read_bytes() + authority.read_bytes())
        self._server = ThreadingHTTPServer((HOST, 0), _handler(secrets))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables to set."""
        return {
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": f"https://{HOST}:{self._server.server_address[1]}",
            "AWS_CA_BUNDLE": str(self._bundle),
        }

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(secrets: Mapping[str, Mapping[str, Any]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            secret = secrets.get(asked["SecretId"])
            if secret is None or asked["VersionStage"] != "AWSCURRENT":
                self._answer(400, {"__type": "ResourceNotFoundException", "message": "there is no such secret"})
            else:
                self._answer(200, {"Name": asked["SecretId"], "SecretString": json.dumps(secret)})

        def _answer(self, status: int, content: Mapping[str, str]) -> None:
            body = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
